package io.freedom.rollback.ctl.topics;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.schemas.registry.RegistryUnavailableException;
import io.freedom.rollback.schemas.registry.SchemaRefusedException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;

/** From what Kafka's clients throw to what an operator can do about it. */
final class ClientErrors {
    private final String bootstrapServers;

    ClientErrors(Connection connection) {
        bootstrapServers = connection.bootstrapServers();
    }

    RuntimeException explain(ExecutionException thrown) {
        return thrown.getCause() instanceof RuntimeException cause
                ? explain(cause)
                : new IllegalStateException(thrown.getCause());
    }

    RuntimeException explain(RuntimeException thrown) {
        return switch (thrown) {
            case RegistryUnavailableException e ->
                Failure.unreachable(message(e) + " Give its address with --registry or ROLLBACK_REGISTRY_URL.");
            case SchemaRefusedException e -> Failure.unreachable(message(e));
            case ConfigException e -> Failure.usage("A client setting is wrong: " + message(e));
            case AuthenticationException e ->
                Failure.unreachable("Kafka at " + bootstrapServers + " refuses the credentials (" + message(e)
                        + "): check the file given with --command-config.");
            case AuthorizationException e ->
                Failure.rejected("Kafka at " + bootstrapServers + " does not allow this (" + message(e)
                        + "): ask for an ACL on the topics of this prefix.");
            case TimeoutException e ->
                Failure.unreachable("Kafka at " + bootstrapServers + " took the connection but does not answer ("
                        + message(e) + "). Is it a broker, does it want TLS or SASL (--command-config), and can its"
                        + " advertised listeners be reached from here?");
            case KafkaException e when e.getCause() instanceof RuntimeException cause -> explain(cause);
            case KafkaException e -> Failure.unreachable("Kafka at " + bootstrapServers + ": " + message(e));
            default -> thrown;
        };
    }

    private static String message(Throwable e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
