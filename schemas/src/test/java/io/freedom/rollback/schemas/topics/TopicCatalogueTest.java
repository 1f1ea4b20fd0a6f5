package io.freedom.rollback.schemas.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TopicCatalogueTest {
    private final TopicCatalogue topics = TopicCatalogue.withPrefix("x.");

    @Test
    void namesEveryTopicByItsPrefix() {
        assertThat(topics.all())
                .extracting(Topic::name)
                .containsExactlyInAnyOrder(
                        "x.incidents",
                        "x.incidents.dlt",
                        "x.operator-commands",
                        "x.operator-commands.dlt",
                        "x.commands.git",
                        "x.commands.git.dlt",
                        "x.commands.container",
                        "x.commands.container.dlt",
                        "x.commands.backup",
                        "x.commands.backup.dlt",
                        "x.commands.health",
                        "x.commands.health.dlt",
                        "x.step-events",
                        "x.step-events.dlt",
                        "x.sites",
                        "x.sites.dlt",
                        "x.history",
                        "x.status",
                        "x.restore-points",
                        "x.notifications",
                        "x.notifications.dlt",
                        "x.notifications-retry",
                        "x.notifications-retry.dlt",
                        "x.deliveries");
    }

    @Test
    void allTopicsHaveTheSameNumberOfPartitionsSoThatAPlatformHasOneWriter() {
        assertThat(topics.all()).extracting(Topic::partitions).containsOnly(6);
        assertThat(topics.withPartitions(3).all()).extracting(Topic::partitions).containsOnly(3);
        assertThatThrownBy(() -> topics.withPartitions(0).all())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("partition");
    }

    @Test
    void keepsWhatAuditsNeedForEverAndOnlyTheLatestStatus() {
        assertThat(topics.history().config(1))
                .containsEntry("retention.ms", "-1")
                .containsEntry("cleanup.policy", "delete");
        assertThat(topics.operatorCommands().retention()).isEqualTo(Topic.FOR_EVER);
        assertThat(topics.incidents().retention()).isEqualTo(Duration.ofDays(30));
        assertThat(topics.commands(Worker.GIT).retention()).isEqualTo(Duration.ofDays(7));
        assertThat(topics.stepEvents().retention()).isEqualTo(Duration.ofDays(7));
        assertThat(topics.status().config(2))
                .containsEntry("cleanup.policy", "compact")
                .containsEntry("min.insync.replicas", "2");
    }

    @Test
    void deadLettersLieBesideTheirTopic() {
        Topic deadLetters =
                topics.withPartitions(2).deadLetters(topics.withPartitions(2).incidents());

        assertThat(deadLetters.name()).isEqualTo("x.incidents.dlt");
        assertThat(deadLetters.partitions()).isEqualTo(2);
        assertThat(deadLetters.retention()).isEqualTo(Duration.ofDays(30));
        assertThat(deadLetters.schema()).contains(DeadLetter.getClassSchema());
    }
}
