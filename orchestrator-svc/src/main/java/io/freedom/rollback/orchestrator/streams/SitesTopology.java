package io.freedom.rollback.orchestrator.streams;

import io.freedom.rollback.orchestrator.admission.SiteLimits;
import io.freedom.rollback.schemas.serde.SpecificAvroSerde;
import io.freedom.rollback.schemas.site.SitePermit;
import io.freedom.rollback.schemas.site.SiteRequest;
import io.freedom.rollback.schemas.topics.TopicCatalogue;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;

/**
 * The keeper of sites' permits: everything about a site meets in one task. An application of its own, since what instances of one read must not
 * differ, and an orchestrator of an earlier release does not read it.
 */
public final class SitesTopology {
    private final TopicCatalogue topics;
    private final Map<String, ?> registry;
    private final SiteLimits limits;
    private final Mishaps mishaps;

    /** @param registry settings of the serdes, {@code schema.registry.url} above all */
    public SitesTopology(TopicCatalogue topics, Map<String, ?> registry, SiteLimits limits, Mishaps mishaps) {
        this.topics = topics;
        this.registry = registry;
        this.limits = limits;
        this.mishaps = mishaps;
    }

    public void addTo(StreamsBuilder builder) {
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(TopicCatalogue.PERMIT_STORE),
                Serdes.String(),
                BoundedSerializer.in(serde(SitePermit.class))));
        var requests = serde(SiteRequest.class).deserializer();
        builder.stream(topics.sites().name(), Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .process(() -> new SiteProcessor(topics, requests, limits, mishaps), TopicCatalogue.PERMIT_STORE)
                .to(
                        (_, outbound, _) -> outbound.topic(),
                        Produced.with(
                                Serdes.String(),
                                Serdes.serdeFrom(
                                        new OutboundSerializer(
                                                serde(SpecificRecord.class).serializer()),
                                        (_, _) -> {
                                            throw new UnsupportedOperationException(
                                                    "outbound records are only written");
                                        })));
    }

    private <T extends SpecificRecord> Serde<T> serde(Class<T> type) {
        var settings = new HashMap<String, Object>(registry);
        settings.put("specific.avro.value.type", type);
        var serde = new SpecificAvroSerde<T>();
        serde.configure(settings, false);
        return serde;
    }
}
