package io.freedom.rollback.schemas.topics;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for Kafka, however long it is away, and creates what topics are missing. Every service does it at its start. */
public final class TopicProvisioning {
    private static final Logger LOG = LoggerFactory.getLogger(TopicProvisioning.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final TopicCatalogue topics;
    private final Map<String, Object> kafka;
    private final short replicationFactor;
    private volatile String state = "not started";

    /** @param kafka settings of an admin client */
    public TopicProvisioning(TopicCatalogue topics, Map<String, Object> kafka, short replicationFactor) {
        this.topics = topics;
        this.kafka = Map.copyOf(kafka);
        this.replicationFactor = replicationFactor;
    }

    /** One line on what is being waited for. */
    public String state() {
        return state;
    }

    /** Blocks until the topics exist, then runs {@code next}; returns without it when the thread is interrupted. */
    public void await(Runnable next) {
        while (!Thread.currentThread().isInterrupted()) {
            state = "waiting for Kafka at " + kafka.get("bootstrap.servers");
            try (var admin = Admin.create(kafka)) {
                topics.createMissing(admin, replicationFactor);
                state = "topics are there";
                next.run();
                return;
            } catch (InterruptException e) {
                Thread.currentThread().interrupt();
            } catch (KafkaException e) {
                state = state + ": " + e.getMessage();
                LOG.warn("{}; trying again", state);
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }
}
