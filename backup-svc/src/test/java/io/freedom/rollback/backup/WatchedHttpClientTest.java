package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.worker.Command;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;

/** A server that takes the head of a request, and no more than lies on the way. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WatchedHttpClientTest {
    private static final String PASSWORD = "changeit";
    /** More than sockets hold. */
    private static final int SIZE = 64 << 20;

    private final CountDownLatch over = new CountDownLatch(1);

    private @Nullable TrustManagerFactory trusted;

    @TempDir
    private Path temp;

    @AfterEach
    void release() {
        over.countDown();
    }

    private void serve(ServerSocket server, boolean answers) {
        Thread.startVirtualThread(() -> {
            try (server;
                    var client = server.accept()) {
                var in = client.getInputStream();
                if (answers) {
                    in.readNBytes(SIZE);
                    client.getOutputStream()
                            .write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                } else {
                    assertThat(in.read()).isNotNegative();
                }
                over.await();
            } catch (IOException | InterruptedException e) {
                // as the client has it
            }
        });
    }

    private SSLContext tls() throws Exception {
        var file = temp.resolve("server.p12");
        var argv = new ArrayList<String>();
        argv.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        argv.addAll(List.of("-genkeypair", "-alias", "server", "-keyalg", "EC", "-dname", "CN=localhost"));
        argv.addAll(List.of("-ext", "san=dns:localhost", "-storepass", PASSWORD, "-keystore", file.toString()));
        Command.in(temp, argv).check();
        var keys = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, PASSWORD.toCharArray());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(keys);
        trusted = trust;
        var context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), null, null);
        return context;
    }

    private int send(String scheme, ServerSocket server) throws IOException {
        var builder = UrlConnectionHttpClient.builder().socketTimeout(Duration.ofSeconds(20));
        var trust = trusted;
        if (trust != null) {
            builder.tlsTrustManagersProvider(trust::getTrustManagers);
        }
        try (var client = new WatchedHttpClient(builder.build(), Duration.ofSeconds(1))) {
            return client.prepareRequest(HttpExecuteRequest.builder()
                            .request(SdkHttpRequest.builder()
                                    .method(SdkHttpMethod.PUT)
                                    .uri(URI.create(scheme + "://localhost:" + server.getLocalPort() + "/object"))
                                    .putHeader("Content-Length", Integer.toString(SIZE))
                                    .build())
                            .contentStreamProvider(() -> new ByteArrayInputStream(new byte[SIZE]))
                            .build())
                    .call()
                    .httpResponse()
                    .statusCode();
        }
    }

    @Test
    void givesUpWhatNobodyTakes() throws Exception {
        var server = new ServerSocket(0, 1, InetAddress.getByName("localhost"));
        serve(server, false);

        assertThatThrownBy(() -> send("http", server)).isInstanceOf(SocketTimeoutException.class);
    }

    /** Nobody can close the connection then but the thread that writes. */
    @Test
    void givesUpWhatNobodyTakesByTls() throws Exception {
        var server = tls().getServerSocketFactory().createServerSocket(0, 1, InetAddress.getByName("localhost"));
        serve(server, false);

        assertThatThrownBy(() -> send("https", server)).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void passesOnWhatIsAnswered() throws Exception {
        var server = tls().getServerSocketFactory().createServerSocket(0, 1, InetAddress.getByName("localhost"));
        serve(server, true);

        assertThat(send("https", server)).isEqualTo(204);
    }
}
