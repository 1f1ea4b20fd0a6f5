package io.freedom.rollback.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A port of the engine's machine that a container takes.
 *
 * @param address of the machine; empty for all of them
 * @param protocol tcp, udp or sctp
 */
public record HostPort(String address, int port, String protocol) {
    private static final Set<String> ALL = Set.of("", "0.0.0.0", "::", "[::]");
    /** Of versions 1 and 2.0: {@code [address:]published:target[/protocol]}. */
    private static final Pattern SHORT =
            Pattern.compile("(?:(\\[[0-9a-fA-F:.]*]|[^:]*):)?(\\d+(?:-\\d+)?):\\d+(?:-\\d+)?(?:/(\\w+))?");
    /** More of one service nobody publishes, and an absurd range must not fill the memory. */
    private static final int MOST = 1000;

    public HostPort {
        address = ALL.contains(address) ? "" : address;
    }

    /** Whether both cannot be had at once. */
    public boolean conflictsWith(HostPort other) {
        return port == other.port
                && protocol.equals(other.protocol)
                && (address.isEmpty() || other.address.isEmpty() || address.equals(other.address));
    }

    /** From an entry of `ports` as compose resolves it. Empty where the engine chooses the port. */
    static List<HostPort> of(@Nullable Object entry) {
        if (entry instanceof String text) {
            var matcher = SHORT.matcher(text);
            return matcher.matches()
                    ? range(orEmpty(matcher.group(1)), matcher.group(2), orTcp(matcher.group(3)))
                    : List.of();
        }
        var mapping = ComposeModel.map(entry);
        var published = mapping.get("published");
        return published == null
                ? List.of()
                : range(
                        String.valueOf(mapping.getOrDefault("host_ip", "")),
                        published.toString(),
                        String.valueOf(mapping.getOrDefault("protocol", "tcp")));
    }

    private static List<HostPort> range(String address, String published, String protocol) {
        var ports = new ArrayList<HostPort>();
        var ends = published.split("-", 2);
        if (ends[0].matches("\\d{1,5}") && ends[ends.length - 1].matches("\\d{1,5}")) {
            int first = Integer.parseInt(ends[0]);
            int last = Math.min(Integer.parseInt(ends[ends.length - 1]), first + MOST);
            for (int port = Math.max(1, first); port <= last; port++) {
                ports.add(new HostPort(address, port, protocol));
            }
        }
        return ports;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static String orTcp(@Nullable String protocol) {
        return protocol == null ? "tcp" : protocol;
    }

    @Override
    public String toString() {
        return (address.isEmpty() ? "" : address + ":") + port + (protocol.equals("tcp") ? "" : "/" + protocol);
    }
}
