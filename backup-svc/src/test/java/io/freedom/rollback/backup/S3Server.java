package io.freedom.rollback.backup;

import static org.awaitility.Awaitility.await;

import io.freedom.rollback.schemas.action.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;

/** An S3-speaking server as a process of its own, which checks signatures, and can be killed, stopped and started again. */
final class S3Server implements AutoCloseable {
    static final String SECRET = "the-secret-key";
    static final String BUCKET = "backups";

    private final Path folder;
    private final int port;
    private @Nullable Process process;

    S3Server(Path folder) throws IOException {
        this.folder = folder;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Files.createDirectories(folder.resolve("data"));
        Files.writeString(folder.resolve("s3proxy.conf"), """
            s3proxy.authorization=aws-v2-or-v4
            s3proxy.endpoint=http://127.0.0.1:%d
            s3proxy.identity=the-access-key
            s3proxy.credential=%s
            s3proxy.ignore-unknown-headers=true
            jclouds.provider=filesystem-nio2
            jclouds.filesystem.basedir=%s
            jclouds.identity=none
            jclouds.credential=none
            """.formatted(port, SECRET, folder.resolve("data")));
        start();
        client().createBucket(request -> request.bucket(BUCKET));
    }

    void start() throws IOException {
        var builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-jar",
                Path.of("target", "s3", "s3proxy.jar").toAbsolutePath().toString(),
                "--properties",
                folder.resolve("s3proxy.conf").toString());
        builder.environment().put("LOG_LEVEL", "warn");
        process = builder.redirectErrorStream(true)
                .redirectOutput(folder.resolve("server.log").toFile())
                .start();
        await().atMost(Duration.ofMinutes(1)).until(this::answers);
    }

    private boolean answers() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    void kill() {
        var running = process;
        if (running != null) {
            try {
                running.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** It is stopped: connections are taken, and nothing is answered. */
    void hang() throws IOException {
        signal("-STOP");
    }

    void goOn() throws IOException {
        signal("-CONT");
    }

    private void signal(String signal) throws IOException {
        var pid = Long.toString(Objects.requireNonNull(process).pid());
        try {
            new ProcessBuilder("kill", signal, pid).start().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    ObjectStore store() {
        return new ObjectStore(
                "http://127.0.0.1:" + port, "us-east-1", BUCKET, "site-a", "the-access-key", SECRET, true);
    }

    /** As anybody else reaches it. */
    S3Client client() {
        return S3Client.builder()
                .endpointOverride(URI.create("http://127.0.0.1:" + port))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .serviceConfiguration(
                        S3Configuration.builder().chunkedEncodingEnabled(false).build())
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .credentialsProvider(
                        StaticCredentialsProvider.create(AwsBasicCredentials.create("the-access-key", SECRET)))
                .build();
    }

    List<String> keys() {
        try (var s3 = client()) {
            return s3.listObjectsV2Paginator(request -> request.bucket(BUCKET)).contents().stream()
                    .map(object -> object.key())
                    .toList();
        }
    }

    void empty() {
        try (var s3 = client()) {
            for (var key : keys()) {
                s3.deleteObject(request -> request.bucket(BUCKET).key(key));
            }
            s3.listMultipartUploads(request -> request.bucket(BUCKET))
                    .uploads()
                    .forEach(upload -> s3.abortMultipartUpload(
                            request -> request.bucket(BUCKET).key(upload.key()).uploadId(upload.uploadId())));
        } catch (RuntimeException e) {
            throw new UncheckedIOException(new IOException("cannot empty the bucket", e));
        }
    }

    @Override
    public void close() {
        kill();
    }
}
