package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.topics.TopicProvisioning;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;

/** Up while the listener runs and owns partitions or waits in its group; shows the steps at work. */
final class WorkerHealth implements HealthIndicator {
    private final ConcurrentMessageListenerContainer<byte[], byte[]> container;
    private final StepRunner runner;
    private final TopicProvisioning provisioning;

    WorkerHealth(
            ConcurrentMessageListenerContainer<byte[], byte[]> container,
            StepRunner runner,
            TopicProvisioning provisioning) {
        this.container = container;
        this.runner = runner;
        this.provisioning = provisioning;
    }

    @Override
    public Health health() {
        var assigned = container.getAssignedPartitions();
        var health = container.isRunning() && container.isInExpectedState() ? Health.up() : Health.down();
        return health.withDetail("group", String.valueOf(container.getGroupId()))
                .withDetail("topics", provisioning.state())
                .withDetail("partitions", assigned == null ? 0 : assigned.size())
                .withDetail(
                        "running",
                        runner.running().stream().map(Attempt::stepId).toList())
                .build();
    }
}
