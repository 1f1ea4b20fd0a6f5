package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.ObjectStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/** The way to an S3-speaking server, which is killed, or hangs, once so many bytes have passed: amid what is under way just then. */
final class LineToStore implements AutoCloseable {
    private static final Pattern REQUEST = Pattern.compile("(GET|PUT|POST|HEAD|DELETE) (/\\S*) HTTP");
    private static final Pattern PART = Pattern.compile("partNumber=(\\d+)");
    private static final Pattern RANGE = Pattern.compile("(?i)\r\nRange: bytes=(\\d+)-");
    private static final int BUFFER = 1 << 16;

    private final S3Server server;
    private final int port;
    private final AtomicLong toSend = new AtomicLong(Long.MAX_VALUE);
    private final AtomicLong toReceive = new AtomicLong(Long.MAX_VALUE);
    private final List<Socket> open = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile ServerSocket listening;
    private volatile boolean hangs;

    LineToStore(S3Server server) throws IOException {
        this.server = server;
        listening = listen(0);
        port = listening.getLocalPort();
    }

    ObjectStore store() {
        return ObjectStore.newBuilder(server.store())
                .setEndpoint("http://127.0.0.1:" + port)
                .build();
    }

    void killsAfterSending(long bytes) {
        toSend.set(bytes);
    }

    void killsAfterReceiving(long bytes) {
        toReceive.set(bytes);
    }

    void hangsAfterSending(long bytes) {
        hangs = true;
        toSend.set(bytes);
    }

    void hangsAfterReceiving(long bytes) {
        hangs = true;
        toReceive.set(bytes);
    }

    /** The server answers again, and what was asked for until then is forgotten. */
    void goesOn() throws IOException {
        requests.clear();
        server.goOn();
    }

    /** The server runs again, and what was asked for until then is forgotten. */
    void isBack() throws IOException {
        toSend.set(Long.MAX_VALUE);
        toReceive.set(Long.MAX_VALUE);
        requests.clear();
        server.start();
        listening = listen(port);
    }

    /** Numbers of the parts that were begun to be sent. */
    List<Integer> parts() {
        return requests.stream()
                .filter(request -> request.startsWith("PUT"))
                .map(PART::matcher)
                .filter(matcher -> matcher.find())
                .map(matcher -> Integer.valueOf(matcher.group(1)))
                .toList();
    }

    /** From which byte on something was asked for, where not from its beginning. */
    List<Long> ranges() {
        return requests.stream()
                .map(RANGE::matcher)
                .filter(matcher -> matcher.find())
                .map(matcher -> Long.valueOf(matcher.group(1)))
                .toList();
    }

    private ServerSocket listen(int at) throws IOException {
        var socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.setReceiveBufferSize(BUFFER); // what nobody takes is not to lie on the way
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), at));
        Thread.startVirtualThread(() -> accept(socket));
        return socket;
    }

    private void accept(ServerSocket socket) {
        try {
            while (true) {
                var client = socket.accept();
                var there = new Socket();
                open.addAll(List.of(client, there));
                there.setSendBufferSize(BUFFER);
                there.connect(new InetSocketAddress(
                        InetAddress.getLoopbackAddress(),
                        URI.create(server.store().getEndpoint()).getPort()));
                Thread.startVirtualThread(() -> pass(client, there, toSend, true));
                Thread.startVirtualThread(() -> pass(there, client, toReceive, false));
            }
        } catch (IOException e) {
            if (socket == listening) {
                cut();
            }
        }
    }

    private void pass(Socket from, Socket to, AtomicLong left, boolean isRequest) {
        var buffer = new byte[BUFFER];
        try (from;
                to) {
            var in = from.getInputStream();
            var out = to.getOutputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (isRequest) {
                    note(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
                }
                out.write(buffer, 0, n);
                long before = left.getAndAdd(-n);
                if (before >= 0 && before < n) { // once
                    if (hangs) {
                        server.hang();
                    } else {
                        server.kill();
                        cut();
                    }
                }
            }
        } catch (IOException e) {
            // as the other end has it
        }
    }

    /** A client waits for the answer before it asks anew: a request begins what is read at once. */
    private void note(String read) {
        if (REQUEST.matcher(read).lookingAt()) {
            int end = read.indexOf("\r\n\r\n");
            requests.add(end < 0 ? read : read.substring(0, end));
        }
    }

    private void cut() {
        try {
            listening.close();
            for (var socket : open) {
                socket.close();
            }
            open.clear();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        cut();
    }
}
