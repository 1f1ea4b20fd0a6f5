package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.secret.SecretReferences;
import io.freedom.rollback.schemas.secret.UnresolvedSecretException;
import io.freedom.rollback.schemas.step.FailureKind;
import java.util.Map;

/** {@link SecretReferences} on the worker's machine; one that cannot be resolved fails the step. */
public final class Secrets {
    private final SecretReferences references;

    public Secrets(Map<String, String> environment) {
        references = new SecretReferences(environment, "the worker");
    }

    /** Text with every reference replaced by its value. */
    public String resolve(String text) throws StepFailure {
        try {
            return references.resolve(text);
        } catch (UnresolvedSecretException e) {
            throw new StepFailure(FailureKind.PRECONDITION, String.valueOf(e.getMessage()));
        }
    }
}
