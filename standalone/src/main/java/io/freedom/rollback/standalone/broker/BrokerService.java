package io.freedom.rollback.standalone.broker;

import java.util.HashMap;

/**
 * A broker alone, for the distributed deployment where no public Kafka image is at hand. It is configured by the same
 * environment variables as that image.
 */
public final class BrokerService {
    private static final String CLUSTER_ID = "CLUSTER_ID";

    private BrokerService() {}

    public static void main(String[] args) throws Exception {
        var environment = new HashMap<>(System.getenv());
        // The cluster id of the public image, so that the volume of one can be used by the other.
        var clusterId = environment.getOrDefault(CLUSTER_ID, "5L6g3nShT-eMCtK--X86sw");
        var broker = EmbeddedBroker.start(BrokerSettings.fromEnvironment(environment), clusterId);
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "broker-stop"));
        System.out.println("broker ready");
        broker.awaitShutdown();
    }
}
