package io.freedom.rollback.schemas.topics;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.KafkaException;

/**
 * Whether any broker answers, asked every second in the background: Kafka's clients retry in silence, and who hears nothing of
 * others has to know whether it could.
 */
public final class KafkaReach implements AutoCloseable {
    private static final Duration PACE = Duration.ofSeconds(1);
    private static final Duration ANSWER = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(6);

    private final Map<String, Object> kafka;
    private final Thread asking;
    private volatile long answered = System.nanoTime();

    private KafkaReach(Map<String, Object> kafka) {
        this.kafka = Map.copyOf(kafka);
        asking = Thread.ofVirtual().name("kafka-reach").start(this::ask);
    }

    /** @param kafka settings of an admin client */
    public static KafkaReach begin(Map<String, Object> kafka) {
        return new KafkaReach(kafka);
    }

    /** False once none has for some seconds. */
    public boolean answers() {
        return silence().compareTo(PATIENCE) < 0;
    }

    /** How long ago one answered last. */
    public Duration silence() {
        return Duration.ofNanos(System.nanoTime() - answered);
    }

    /** One line. */
    public String state() {
        return answers()
                ? "answers"
                : "no broker at " + kafka.get("bootstrap.servers") + " has answered for "
                        + silence().toSeconds() + " s: it goes on by itself once one does";
    }

    private void ask() {
        try {
            while (true) {
                try (var admin = Admin.create(kafka)) {
                    ask(admin);
                } catch (KafkaException e) {
                    TimeUnit.NANOSECONDS.sleep(PACE.toNanos()); // no address of it is known yet
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ask(Admin admin) throws InterruptedException {
        var options = new DescribeClusterOptions().timeoutMs((int) ANSWER.toMillis());
        while (true) {
            try {
                long asked = System.nanoTime();
                admin.describeCluster(options).nodes().get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
                answered = asked;
            } catch (ExecutionException | TimeoutException e) {
                // Silence says it all.
            }
            TimeUnit.NANOSECONDS.sleep(PACE.toNanos());
        }
    }

    @Override
    public void close() {
        asking.interrupt();
    }
}
