package io.freedom.rollback.schemas.topics;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Creates missing topics and looks at those that exist. */
record TopicCreation(Admin admin, short replicationFactor, int minInSyncReplicas) {
    private static final long TIMEOUT_SECONDS = 30;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    void createMissing(List<Topic> topics) {
        Set<String> existing = await(admin.listTopics().names());
        List<Topic> missing = topics.stream()
                .filter(topic -> !existing.contains(topic.name()))
                .toList();
        // First look, then create: with a wrong partition count nothing is added beside the topics that are there.
        verifyPartitions(
                topics.stream().filter(topic -> existing.contains(topic.name())).toList());
        verifyPartitions(create(missing));
    }

    /** Returns the topics that another process created in the meantime. */
    private List<Topic> create(List<Topic> topics) {
        Map<String, KafkaFuture<Void>> results =
                admin.createTopics(topics.stream().map(this::creation).toList()).values();
        Set<String> createdElsewhere = new HashSet<>();
        results.forEach((name, result) -> {
            try {
                await(result);
            } catch (TopicExistsException e) {
                createdElsewhere.add(name);
            }
        });
        return topics.stream()
                .filter(topic -> createdElsewhere.contains(topic.name()))
                .toList();
    }

    private NewTopic creation(Topic topic) {
        return new NewTopic(topic.name(), topic.partitions(), replicationFactor)
                .configs(topic.config(minInSyncReplicas));
    }

    private void verifyPartitions(List<Topic> topics) {
        if (topics.isEmpty()) {
            return;
        }
        // The topics of the catalogue all have the same number of partitions.
        int expected = topics.getFirst().partitions();
        String wrong = describe(topics).stream()
                .filter(found -> found.partitions().size() != expected)
                .map(found -> found.name() + " has " + found.partitions().size())
                .sorted()
                .collect(Collectors.joining(", "));
        if (!wrong.isEmpty()) {
            throw new UnsuitableTopicException(
                    ("Topics with another number of partitions than %d: %s. Platforms are spread over the partitions by"
                                    + " key, so all topics must agree: configure the number the topics have, or choose"
                                    + " another topic prefix.")
                            .formatted(expected, wrong));
        }
    }

    /** A topic that was listed a moment after its creation may not be known to every broker yet. */
    private Collection<TopicDescription> describe(List<Topic> topics) {
        List<String> names = topics.stream().map(Topic::name).toList();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        while (true) {
            try {
                return await(admin.describeTopics(names).allTopicNames()).values();
            } catch (UnknownTopicOrPartitionException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private static <V> V await(KafkaFuture<V> future) {
        try {
            return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new KafkaException("The brokers could not list or create the topics", e.getCause());
        } catch (TimeoutException e) {
            throw new org.apache.kafka.common.errors.TimeoutException(
                    "Kafka did not answer within " + TIMEOUT_SECONDS + " s: are the brokers running and reachable?", e);
        } catch (InterruptedException e) {
            throw new InterruptException("Interrupted while waiting for the brokers", e);
        }
    }
}
