package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.schemas.serde.UnreadableRecordException;
import io.freedom.rollback.schemas.site.AskForPermit;
import io.freedom.rollback.schemas.site.ReturnPermit;
import io.freedom.rollback.schemas.site.SitePermit;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.site.TakePermit;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.time.Duration;
import java.time.Instant;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/** Keeps the permits of sites: reads what platforms ask for and return, and answers among their step events. */
final class SiteProcessor implements Processor<String, byte[], String, Outbound> {
    private static final Duration TICK = Duration.ofSeconds(5);

    private final TopicCatalogue topics;
    private final Deserializer<SiteRequest> requests;
    private final SiteLimits limits;
    private final Mishaps mishaps;
    private ProcessorContext<String, Outbound> context;
    private Publisher publisher;
    private Sites sites;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    SiteProcessor(TopicCatalogue topics, Deserializer<SiteRequest> requests, SiteLimits limits, Mishaps mishaps) {
        this.topics = topics;
        this.requests = requests;
        this.limits = limits;
        this.mishaps = mishaps;
    }

    @Override
    public void init(ProcessorContext<String, Outbound> processorContext) {
        context = processorContext;
        publisher = new Publisher(context, topics);
        sites = new Sites(context.getStateStore(TopicCatalogue.PERMIT_STORE), limits, this::tell);
        context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, at -> {
            mishaps.guardOrLeave("the permits of sites", () -> sites.tick(Instant.ofEpochMilli(at)));
            publisher.commits().awaited();
        });
    }

    @Override
    public void process(Record<String, byte[]> record) {
        var now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        var place = Mishaps.placeOf(context);
        mishaps.at(place)
                .ifPresentOrElse(
                        before -> refuse(record, before.reason(), now),
                        () -> mishaps.guard(place, () -> take(record, now)));
        publisher.commits().recordProcessed();
    }

    private void take(Record<String, byte[]> record, Instant now) {
        var request = read(record, now);
        if (request == null) {
            return;
        }
        if (!request.getSite().equals(record.key())) {
            refuse(record, "the record's key is " + record.key() + " but it is about site " + request.getSite(), now);
            return;
        }
        switch (request.getRequest()) {
            case AskForPermit _ -> sites.ask(request, now);
            case TakePermit _ -> sites.take(request, now);
            case ReturnPermit _ -> sites.giveBack(request, now);
            default -> refuse(record, "this orchestrator knows nothing of " + request.getRequest(), now);
        }
    }

    private @Nullable SiteRequest read(Record<String, byte[]> record, Instant now) {
        try {
            if (record.value() == null) {
                throw new UnreadableRecordException("the record has no value", null);
            }
            return requests.deserialize(topics.sites().name(), record.value());
        } catch (UnreadableRecordException e) {
            refuse(record, String.valueOf(e.getMessage()), now);
            return null;
        }
    }

    private void refuse(Record<String, byte[]> record, String reason, Instant now) {
        publisher.refuse(topics.sites(), record.key(), record.value(), reason, now);
    }

    private void tell(SitePermit permit, SpecificRecord what) {
        var now = Instant.ofEpochMilli(context.currentSystemTimeMs());
        publisher.somebodyWaits();
        publisher.answer(
                StepEvent.newBuilder()
                        .setPlatform(permit.getPlatform())
                        .setRollbackId(permit.getRollbackId())
                        .setStepId("")
                        .setAttempt(0)
                        .setWorkerId("site " + permit.getSite())
                        .setAt(now)
                        .setEvent(what)
                        .build(),
                now);
    }
}
