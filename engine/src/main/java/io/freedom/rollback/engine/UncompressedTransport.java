package io.freedom.rollback.engine;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.IOException;
import java.util.LinkedHashMap;

/**
 * Asks the engine not to compress what it answers. The HTTP client would ask for gzip, and the engine packs no more than about
 * 30 MB/s: a tenth of what comes through a local socket.
 */
final class UncompressedTransport implements DockerHttpClient {
    private final DockerHttpClient transport;

    UncompressedTransport(DockerHttpClient transport) {
        this.transport = transport;
    }

    @Override
    public Response execute(Request request) {
        var headers = new LinkedHashMap<>(request.headers());
        headers.putIfAbsent("Accept-Encoding", "identity");
        return transport.execute(
                Request.builder().from(request).headers(headers).build());
    }

    @Override
    public void close() throws IOException {
        transport.close();
    }
}
