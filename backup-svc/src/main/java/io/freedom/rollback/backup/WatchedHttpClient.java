package io.freedom.rollback.backup;

import java.io.FilterInputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * Gives up what is sent where nobody takes a byte of it for some time: the timeout of a socket is for what is read alone, and a server that
 * hangs would be waited for as long as the whole call may take.
 */
final class WatchedHttpClient implements SdkHttpClient {
    private final SdkHttpClient client;
    private final Duration silence;

    WatchedHttpClient(SdkHttpClient client, Duration silence) {
        this.client = client;
        this.silence = silence;
    }

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
        var content = request.contentStreamProvider();
        if (content.isEmpty()) {
            return client.prepareRequest(request);
        }
        var sent = new Sent();
        var watched = HttpExecuteRequest.builder()
                .request(request.httpRequest())
                .contentStreamProvider(sent.watching(content.get()));
        request.metricCollector().ifPresent(watched::metricCollector);
        return new Attempt(client.prepareRequest(watched.build()), sent);
    }

    @Override
    public String clientName() {
        return client.clientName();
    }

    @Override
    public void close() {
        client.close();
    }

    /** How far a request's content has gone. */
    private static final class Sent {
        private volatile boolean begun;
        private volatile long last;

        private ContentStreamProvider watching(ContentStreamProvider content) {
            return () -> new FilterInputStream(content.newStream()) {
                @Override
                public int read() throws IOException {
                    goesOn();
                    return in.read();
                }

                @Override
                public int read(byte[] bytes, int from, int most) throws IOException {
                    goesOn();
                    return in.read(bytes, from, most);
                }
            };
        }

        private void goesOn() {
            last = System.nanoTime();
            begun = true;
        }

        /** Until the first byte is wanted the socket's own timeouts are what counts. */
        private Duration silent() {
            return begun ? Duration.ofNanos(System.nanoTime() - last) : Duration.ZERO;
        }
    }

    private final class Attempt implements ExecutableHttpRequest {
        private final ExecutableHttpRequest request;
        private final Sent sent;
        private final CountDownLatch over = new CountDownLatch(1);
        private volatile boolean givenUp;

        private Attempt(ExecutableHttpRequest request, Sent sent) {
            this.request = request;
            this.sent = sent;
        }

        @Override
        public HttpExecuteResponse call() throws IOException {
            Thread.startVirtualThread(this::watch);
            try {
                return request.call();
            } catch (IOException e) {
                if (!givenUp) {
                    throw e;
                }
                var late = new SocketTimeoutException("nothing was taken for " + silence.toMillis() + " ms");
                late.initCause(e);
                throw late;
            } finally {
                over.countDown();
            }
        }

        private void watch() {
            try {
                var left = silence;
                while (!over.await(left.toNanos(), TimeUnit.NANOSECONDS)) {
                    left = silence.minus(sent.silent());
                    if (!left.isPositive()) {
                        givenUp = true;
                        request.abort();
                        return;
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // nobody does
            }
        }

        @Override
        public void abort() {
            request.abort();
        }
    }
}
