package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.saga.Reaction;
import io.freedom.rollback.schemas.catalogue.CataloguedRestorePoint;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.serde.Beginning;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.status.RollbackStatus;
import io.freedom.rollback.schemas.step.StepCommand;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.schemas.topics.Topic;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/** Sends records on to their topics. */
final class Publisher {
    private final ProcessorContext<String, Outbound> context;
    private final TopicCatalogue topics;
    private final Commits commits;

    Publisher(ProcessorContext<String, Outbound> context, TopicCatalogue topics) {
        this.context = context;
        commits = new Commits(context);
        this.topics = topics;
    }

    Commits commits() {
        return commits;
    }

    /** For what was just decided: a worker, an operator. */
    void somebodyWaits() {
        commits.somebodyWaits();
    }

    void command(Reaction reaction, Instant now) {
        somebodyWaits();
        command(reaction.worker(), reaction.command(), now);
    }

    /** Of no rollback; nobody waits for it. */
    void command(Worker worker, StepCommand command, Instant now) {
        forward(topics.commands(worker), command.getPlatform(), command, now);
    }

    void history(HistoryEvent event, Instant now) {
        forward(topics.history(), event.getPlatform(), event, now);
    }

    /** Nobody waits so hard that the saga should. */
    void notification(Notification notification, Instant now) {
        var key = notification.getPlatform() + "/" + notification.getChannel();
        forward(topics.notifications(), key, notification, now);
    }

    /** To the keeper of a site's permits. */
    void site(SiteRequest request, Instant now) {
        forward(topics.sites(), request.getSite(), request, now);
    }

    /** From the keeper of a site's permits. */
    void answer(StepEvent answer, Instant now) {
        forward(topics.stepEvents(), answer.getPlatform(), answer, now);
    }

    void status(RollbackStatus status, Instant now) {
        forward(topics.status(), status.getRollbackId(), status, now);
    }

    void restorePoint(CataloguedRestorePoint point, Instant now) {
        var id = point.getRestorePoint().getRestorePointId();
        forward(topics.restorePoints(), restorePoint(point.getPlatform(), id, point.getPiece()), point, now);
    }

    /** It is gone from the disk because it was to go. */
    void restorePointRemoved(String platform, String restorePoint, Instant now) {
        for (int piece = 0; piece <= TopicCatalogue.MANIFEST_PIECES; piece++) { // it may never have had them
            forward(topics.restorePoints(), restorePoint(platform, restorePoint, piece), null, now);
        }
    }

    private static String restorePoint(String platform, String restorePoint, int piece) {
        return platform + "/" + restorePoint + (piece == 0 ? "" : "/" + piece);
    }

    /** The record in hand cannot be read. */
    void refuse(Topic topic, @Nullable String key, byte @Nullable [] value, String reason, Instant now) {
        var metadata = context.recordMetadata();
        var letter = DeadLetter.newBuilder()
                .setTopic(topic.name())
                .setPartition(metadata.map(origin -> origin.partition()).orElse(-1))
                .setOffset(metadata.map(origin -> origin.offset()).orElse(-1L))
                .setAt(now)
                .setReason(reason)
                .setKey(key == null ? null : Beginning.ofKey(key.getBytes(StandardCharsets.UTF_8)))
                .setValue(Beginning.ofValue(value))
                .setSize(value == null ? 0 : value.length);
        somebodyWaits();
        deadLetter(topic, key, letter.build(), now);
    }

    /** An incident that was read but cannot be applied. */
    void refuse(String platform, DeadLetter incident, Instant now) {
        deadLetter(topics.incidents(), platform, incident, now);
    }

    private void deadLetter(Topic topic, @Nullable String key, DeadLetter letter, Instant now) {
        // A key that is none of ours may be as large as a record.
        boolean isName = key != null && key.length() <= Beginning.KEY;
        forward(topics.deadLetters(topic), isName ? key : null, letter, now);
    }

    private void forward(Topic topic, @Nullable String key, @Nullable SpecificRecord value, Instant now) {
        context.forward(new Record<>(key, new Outbound(topic.name(), value), now.toEpochMilli()));
    }
}
