package io.freedom.rollback.backup;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * Gives up what is sent where nobody takes a byte of it for some time: the timeout of a socket is for what is read alone. It is sent by a virtual
 * thread, since to interrupt that closes its socket; a TLS connection cannot be closed by another thread while one writes to it, so no
 * timeout of the call would end it.
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
        /** There is something that the store is to take. */
        private volatile boolean begun;

        private volatile long last;

        private ContentStreamProvider watching(ContentStreamProvider content) {
            return () -> new FilterInputStream(content.newStream()) {
                @Override
                public int read() throws IOException {
                    begun = false;
                    int read = in.read();
                    goesOn();
                    return read;
                }

                @Override
                public int read(byte[] bytes, int from, int most) throws IOException {
                    begun = false;
                    int read = in.read(bytes, from, most);
                    goesOn();
                    return read;
                }
            };
        }

        private void goesOn() {
            last = System.nanoTime();
            begun = true;
        }

        /** Until the first byte is wanted the socket's own timeouts are what counts; while one is read, it is our disk that is waited for. */
        private Duration silent() {
            return begun ? Duration.ofNanos(System.nanoTime() - last) : Duration.ZERO;
        }
    }

    private final class Attempt implements ExecutableHttpRequest {
        private final ExecutableHttpRequest request;
        private final Sent sent;
        private final FutureTask<HttpExecuteResponse> answer;
        private final Thread sending;

        private Attempt(ExecutableHttpRequest request, Sent sent) {
            this.request = request;
            this.sent = sent;
            answer = new FutureTask<>(request::call);
            sending = Thread.ofVirtual().unstarted(answer);
        }

        @Override
        public HttpExecuteResponse call() throws IOException {
            sending.start();
            try {
                var left = silence;
                while (left.isPositive()) {
                    try {
                        return answer.get(left.toNanos(), TimeUnit.NANOSECONDS);
                    } catch (TimeoutException e) {
                        left = silence.minus(sent.silent());
                    }
                }
                throw new SocketTimeoutException("nothing was taken for " + silence.toMillis() + " ms");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while it was sent");
            } catch (ExecutionException e) {
                throw failure(Objects.requireNonNull(e.getCause()));
            } finally {
                sending.interrupt(); // nothing to it once it has ended
            }
        }

        private static IOException failure(Throwable cause) {
            return switch (cause) {
                case IOException e -> e;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> new IOException(cause);
            };
        }

        @Override
        public void abort() {
            if (answer.isDone()) {
                request.abort();
            } else {
                sending.interrupt();
            }
        }
    }
}
