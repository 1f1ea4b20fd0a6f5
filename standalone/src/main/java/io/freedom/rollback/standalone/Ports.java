package io.freedom.rollback.standalone;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** TCP ports on the loopback address: broker, the broker's controller, registry, HTTP (webhook and health). */
public record Ports(int broker, int controller, int registry, int http) {
    private static final Duration RELEASE = Duration.ofSeconds(5);

    /** Ports that nothing uses at this moment. */
    public static Ports free() throws IOException {
        try (var a = new ServerSocket(0);
                var b = new ServerSocket(0);
                var c = new ServerSocket(0);
                var d = new ServerSocket(0)) {
            return new Ports(a.getLocalPort(), b.getLocalPort(), c.getLocalPort(), d.getLocalPort());
        }
    }

    /** Asked for before anything starts, so that the message names the option and not a stack trace. */
    void requireFree() {
        var owners = new HashMap<Integer, String>();
        options().forEach((option, port) -> {
            var other = owners.put(port, option);
            if (other != null) {
                throw new StartupException(other + " and " + option + " are both " + port + ": choose another for one");
            }
            if (!becomesFree(port)) {
                throw new StartupException("port " + port + " is in use: end the program that listens there (`ss -ltnp"
                        + " 'sport = :" + port + "'` names it), or choose another port with " + option);
            }
        });
    }

    private Map<String, Integer> options() {
        var options = new LinkedHashMap<String, Integer>();
        options.put("--broker-port", broker);
        options.put("--controller-port", controller);
        options.put("--registry-port", registry);
        options.put("--http-port", http);
        return options;
    }

    /** The registry of a killed process takes a moment to notice that it is alone. */
    private static boolean becomesFree(int port) {
        long end = System.nanoTime() + RELEASE.toNanos();
        while (!isFree(port)) {
            if (System.nanoTime() > end) {
                return false;
            }
            LockSupport.parkNanos(100_000_000);
        }
        return true;
    }

    private static boolean isFree(int port) {
        try (var socket = new ServerSocket()) {
            // A connection of an earlier run in TIME_WAIT does not keep the port.
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
