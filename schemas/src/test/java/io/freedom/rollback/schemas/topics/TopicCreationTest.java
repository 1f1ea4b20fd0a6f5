package io.freedom.rollback.schemas.topics;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real broker. */
class TopicCreationTest {
    private static final short ONE = 1;

    @TempDir
    static Path directory;

    private static SmallBroker broker;
    private static Admin admin;

    @BeforeAll
    static void start() throws Exception {
        broker = new SmallBroker(directory);
        admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }

    @AfterAll
    static void stop() {
        admin.close();
        broker.close();
    }

    @Test
    void createsEveryTopicAsTheCatalogueSaysAndNothingTheSecondTime() throws Exception {
        TopicCatalogue topics = TopicCatalogue.withPrefix("one.").withPartitions(2);

        topics.createMissing(admin, ONE);
        topics.createMissing(admin, ONE);

        assertThat(names("one."))
                .containsExactlyInAnyOrderElementsOf(
                        topics.all().stream().map(Topic::name).toList());
        assertThat(admin.describeTopics(names("one.")).allTopicNames().get().values())
                .extracting(topic -> topic.partitions().size())
                .containsOnly(2);
        assertThat(setting("one.history", "retention.ms")).isEqualTo("-1");
        assertThat(setting("one.status", "cleanup.policy")).isEqualTo("compact");
        assertThat(setting("one.incidents.dlt", "retention.ms")).isEqualTo("2592000000");
        assertThat(setting("one.history", "min.insync.replicas")).isEqualTo("1");
    }

    @Test
    void createsNothingBesideATopicWithAnotherNumberOfPartitions() throws Exception {
        admin.createTopics(List.of(new NewTopic("two.step-events", Optional.of(3), Optional.empty())))
                .all()
                .get(30, TimeUnit.SECONDS);

        await().until(() -> names("two."), List.of("two.step-events")::equals);

        assertThatThrownBy(() -> TopicCatalogue.withPrefix("two.").createMissing(admin, ONE))
                .isInstanceOf(UnsuitableTopicException.class)
                .hasMessageContaining("two.step-events has 3")
                .hasMessageContaining("than 6");
        assertThat(names("two.")).containsExactly("two.step-events");
    }

    private static List<String> names(String prefix) throws Exception {
        Set<String> names = admin.listTopics().names().get(30, TimeUnit.SECONDS);
        return names.stream().filter(name -> name.startsWith(prefix)).toList();
    }

    private static String setting(String topic, String key) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Map<ConfigResource, Config> all =
                admin.describeConfigs(List.of(resource)).all().get(30, TimeUnit.SECONDS);
        return requireNonNull(all.get(resource)).get(key).value();
    }
}
