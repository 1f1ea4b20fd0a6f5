package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.topics.KafkaReach;
import io.freedom.rollback.schemas.topics.TopicProvisioning;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;

/** Up while brokers answer and the listener owns partitions or waits in its group; shows the steps at work. */
final class WorkerHealth implements HealthIndicator {
    private final ConcurrentMessageListenerContainer<byte[], byte[]> container;
    private final StepRunner runner;
    private final TopicProvisioning provisioning;
    private final KafkaReach reach;

    WorkerHealth(
            ConcurrentMessageListenerContainer<byte[], byte[]> container,
            StepRunner runner,
            TopicProvisioning provisioning,
            KafkaReach reach) {
        this.reach = reach;
        this.container = container;
        this.runner = runner;
        this.provisioning = provisioning;
    }

    @Override
    public Health health() {
        var assigned = container.getAssignedPartitions();
        boolean isFit = reach.answers() && container.isRunning() && container.isInExpectedState();
        var health = isFit ? Health.up() : Health.down();
        return health.withDetail("kafka", reach.state())
                .withDetail("group", String.valueOf(container.getGroupId()))
                .withDetail("topics", provisioning.state())
                .withDetail("partitions", assigned == null ? 0 : assigned.size())
                .withDetail(
                        "running",
                        runner.running().stream().map(Attempt::stepId).toList())
                .build();
    }
}
