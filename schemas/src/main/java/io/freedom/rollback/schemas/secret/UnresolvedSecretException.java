package io.freedom.rollback.schemas.secret;

/** The environment or the file that a reference names does not hold the secret; the message says which and never a value. */
public final class UnresolvedSecretException extends Exception {
    private static final long serialVersionUID = 1L;

    UnresolvedSecretException(String reference, String why) {
        super("secret " + reference + " cannot be resolved: " + why);
    }
}
