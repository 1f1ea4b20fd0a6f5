package io.freedom.rollback.standalone;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Holds the services back until broker and registry answer. It is the first bean, so all others are created beside the
 * start of the infrastructure, and none of them creates topics or polls before its end.
 */
final class InfrastructureGate implements SmartInitializingSingleton {
    private final CompletableFuture<Void> infrastructure;

    InfrastructureGate(CompletableFuture<Void> infrastructure) {
        this.infrastructure = infrastructure;
    }

    @Override
    public void afterSingletonsInstantiated() {
        try {
            infrastructure.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof StartupException expected) {
                throw expected;
            }
            throw e;
        }
    }
}
