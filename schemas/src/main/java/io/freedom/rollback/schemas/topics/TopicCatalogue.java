package io.freedom.rollback.schemas.topics;

import static io.freedom.rollback.schemas.topics.Topic.FOR_EVER;

import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.incident.Incident;
import io.freedom.rollback.schemas.notification.Delivery;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.OperatorCommand;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.kafka.clients.admin.Admin;

/**
 * Every topic of the product. All but those of sites are keyed by platform and have the same number of partitions, so that one platform
 * has one writer: a platform's records of all topics meet in the same task.
 */
public final class TopicCatalogue {
    public static final String DEFAULT_PREFIX = "rollback.";
    public static final int DEFAULT_PARTITIONS = 6;
    /** Into so many records a manifest may be cut that one cannot hold. */
    public static final int MANIFEST_PIECES = 16;

    public static final String PLATFORM_STORE = "platforms";
    public static final String EVENT_STORE = "rollback-events";
    public static final String PERMIT_STORE = "permits";
    private static final Duration WEEK = Duration.ofDays(7);
    private static final Duration MONTH = Duration.ofDays(30);

    private final String prefix;
    private final int partitions;

    private TopicCatalogue(String prefix, int partitions) {
        this.prefix = prefix;
        this.partitions = partitions;
    }

    public static TopicCatalogue withPrefix(String prefix) {
        return new TopicCatalogue(prefix, DEFAULT_PARTITIONS);
    }

    /** To be chosen before the first topic is created: a later change would move platforms between partitions. */
    public TopicCatalogue withPartitions(int count) {
        return new TopicCatalogue(prefix, count);
    }

    public Topic incidents() {
        return topic(
                "incidents",
                MONTH,
                Cleanup.DELETE,
                Incident.getClassSchema(),
                "the alerting system",
                "Incidents of platforms. Besides Avro, JSON is read too: Alertmanager v4 webhooks and CloudEvents.");
    }

    public Topic operatorCommands() {
        return topic(
                "operator-commands",
                FOR_EVER,
                Cleanup.DELETE,
                OperatorCommand.getClassSchema(),
                "rollbackctl, console",
                "What operators ask for. Each is answered in the history by an event that names it as its cause.");
    }

    /** Those that take commands; the orchestrator's own steps, gates, go to nobody. */
    public static List<Worker> workers() {
        return Arrays.stream(Worker.values())
                .filter(worker -> worker != Worker.ORCHESTRATOR)
                .toList();
    }

    public Topic commands(Worker worker) {
        if (worker == Worker.ORCHESTRATOR) {
            throw new IllegalArgumentException("the orchestrator's own steps have no command topic");
        }
        String name = worker.name().toLowerCase(Locale.ROOT);
        return topic(
                "commands." + name,
                WEEK,
                Cleanup.DELETE,
                StepCommand.getClassSchema(),
                "orchestrator",
                "Commands to the " + name + " workers: self-contained, typed, without secrets.");
    }

    public Topic stepEvents() {
        return topic(
                "step-events",
                WEEK,
                Cleanup.DELETE,
                StepEvent.getClassSchema(),
                "workers",
                "What workers report about the attempts of steps: accepted, progress, done, failed, cancelled. And what platforms are told about permits of their site.");
    }

    /** Keyed by site, unlike the rest: a site's permits have one keeper. */
    public Topic sites() {
        return topic(
                "sites",
                WEEK,
                Cleanup.DELETE,
                SiteRequest.getClassSchema(),
                "orchestrator",
                "Permits that platforms ask for and return where their site has a limit on concurrent rollbacks; answered among the step events.");
    }

    public Topic history() {
        return topic(
                "history",
                FOR_EVER,
                Cleanup.DELETE,
                HistoryEvent.getClassSchema(),
                "orchestrator",
                "Every fact of every rollback, hash-chained. The record of what happened; all else can be derived.");
    }

    /** Keyed by rollback id, unlike the rest: compaction keeps one snapshot of each rollback. */
    public Topic status() {
        return topic(
                "status",
                FOR_EVER,
                Cleanup.COMPACT,
                RollbackStatus.getClassSchema(),
                "orchestrator",
                "Latest snapshot of each rollback.");
    }

    /** Keyed by platform and restore point, and pieces of its manifest by their number too: compaction keeps what was last said of each. */
    public Topic restorePoints() {
        return topic(
                "restore-points",
                FOR_EVER,
                Cleanup.COMPACT,
                CataloguedRestorePoint.getClassSchema(),
                "orchestrator",
                "What describes each restore point on disk: its signed manifest and notes, from which they can be rebuilt.");
    }

    /** Keyed by platform and channel: a channel's messages keep their order. */
    public Topic notifications() {
        return topic(
                "notifications",
                MONTH,
                Cleanup.DELETE,
                Notification.getClassSchema(),
                "orchestrator",
                "What is to be told to whom: one record for each message to each channel.");
    }

    /** Those that could not be delivered at once; they must not keep the others waiting. */
    public Topic notificationsToRetry() {
        return topic(
                "notifications-retry",
                MONTH,
                Cleanup.DELETE,
                Notification.getClassSchema(),
                "orchestrator",
                "Notifications that could not be delivered at the first attempt, as they were.");
    }

    public Topic deliveries() {
        return topic(
                "deliveries",
                MONTH,
                Cleanup.DELETE,
                Delivery.getClassSchema(),
                "orchestrator",
                "How each attempt to deliver a notification ended.");
    }

    /** Where records of {@code source} go that could not be read or applied. */
    public Topic deadLetters(Topic source) {
        return new Topic(
                source.name() + ".dlt",
                source.partitions(),
                MONTH,
                Cleanup.DELETE,
                Optional.of(DeadLetter.getClassSchema()),
                "readers of " + source.name(),
                "Records of " + source.name() + " that could not be read or applied, as they were, with the reason.");
    }

    /** The orchestrator as a Kafka Streams application. */
    public String orchestratorId() {
        return prefix + "orchestrator";
    }

    /** What keeps the permits of sites, as an application of its own: an orchestrator of an earlier release shares the other. */
    public String sitesId() {
        return prefix + "orchestrator-sites";
    }

    /** What the orchestrator's store has of each platform, by its name. Made by Kafka Streams, and no contract with anybody. */
    public Topic storedPlatforms() {
        return changelog(PLATFORM_STORE, PlatformState.getClassSchema());
    }

    /** Events of rollbacks that run or may run again, in the same store, by rollback and number. */
    public Topic storedEvents() {
        return changelog(EVENT_STORE, HistoryEvent.getClassSchema());
    }

    private Topic changelog(String store, Schema schema) {
        return new Topic(
                orchestratorId() + "-" + store + "-changelog",
                partitions,
                FOR_EVER,
                Cleanup.COMPACT,
                Optional.of(schema),
                "orchestrator",
                "The orchestrator's store " + store + ", as it is restored.");
    }

    /** Every topic, each followed by its dead letters where anything reads and may refuse it. */
    public List<Topic> all() {
        List<Topic> topics = new ArrayList<>();
        withDeadLetters(topics, incidents());
        withDeadLetters(topics, operatorCommands());
        for (Worker worker : workers()) {
            withDeadLetters(topics, commands(worker));
        }
        withDeadLetters(topics, stepEvents());
        withDeadLetters(topics, sites());
        topics.add(history());
        topics.add(status());
        topics.add(restorePoints());
        withDeadLetters(topics, notifications());
        withDeadLetters(topics, notificationsToRetry());
        topics.add(deliveries());
        return List.copyOf(topics);
    }

    private void withDeadLetters(List<Topic> topics, Topic topic) {
        topics.add(topic);
        topics.add(deadLetters(topic));
    }

    /** Creates what is missing; waits at most 30 s for the brokers. May be called any number of times. */
    public void createMissing(Admin admin, short replicationFactor) {
        createMissing(admin, replicationFactor, Math.max(1, replicationFactor - 1));
    }

    /** @param minInSyncReplicas copies that must have a record before it is acknowledged */
    public void createMissing(Admin admin, short replicationFactor, int minInSyncReplicas) {
        new TopicCreation(admin, replicationFactor, minInSyncReplicas).createMissing(all());
    }

    private Topic topic(String name, Duration retention, Cleanup cleanup, Schema schema, String writtenBy, String doc) {
        return new Topic(prefix + name, partitions, retention, cleanup, Optional.of(schema), writtenBy, doc);
    }
}
