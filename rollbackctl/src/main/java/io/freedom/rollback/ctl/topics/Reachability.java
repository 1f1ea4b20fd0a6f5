package io.freedom.rollback.ctl.topics;

import io.freedom.rollback.ctl.exit.Failure;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;

/** Knocks before Kafka's client does, which retries in silence and never says why a broker cannot be reached. */
final class Reachability {
    private static final int TIMEOUT_MILLIS = 2000;

    private Reachability() {}

    static void check(String bootstrapServers) {
        var reasons = new ArrayList<String>();
        for (var server : bootstrapServers.split(",", -1)) {
            var address = server.strip();
            int colon = address.lastIndexOf(':');
            if (colon < 1 || !address.substring(colon + 1).matches("[0-9]{1,5}")) {
                throw Failure.usage("--bootstrap-server must be host:port, e.g. localhost:9092, not '" + address + "'");
            }
            var problem = knock(
                    address.substring(0, colon).replaceAll("[\\[\\]]", ""),
                    Integer.parseInt(address.substring(colon + 1)));
            if (problem.isEmpty()) {
                return;
            }
            reasons.add(address + ": " + problem);
        }
        throw Failure.unreachable("Kafka cannot be reached (" + String.join("; ", reasons)
                + "). Is the control plane running? Give its address with --bootstrap-server or"
                + " ROLLBACK_BOOTSTRAP_SERVERS.");
    }

    private static String knock(String host, int port) {
        try (var socket = new Socket()) {
            var address = new InetSocketAddress(host, port);
            if (address.isUnresolved()) {
                return "no such host";
            }
            socket.connect(address, TIMEOUT_MILLIS);
            return "";
        } catch (IOException | IllegalArgumentException e) {
            return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        }
    }
}
