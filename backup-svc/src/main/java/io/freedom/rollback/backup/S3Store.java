package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.ObjectStore;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Secrets;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/** What copies of a platform's restore points need of a bucket. Keys are below the platform's own folder. */
final class S3Store implements AutoCloseable {
    /** Metadata of each object: the SHA-256 of its content. */
    static final String SHA256 = "sha256";

    /** Bytes of what is read into memory, manifests at most: they name each file in some 200. */
    static final int LARGEST = 64 << 20;

    private static final Duration CONNECT = Duration.ofSeconds(10);
    /** Without a byte, either way. */
    private static final Duration SILENCE = Duration.ofSeconds(30);

    /** Of one request with its retries: a part of 16 MiB gets through at half a megabit a second. */
    private static final Duration REQUEST = Duration.ofMinutes(5);

    private final S3Client client;
    private final SdkHttpClient http;
    private final ObjectStore where;
    private final String root;

    private S3Store(S3Client client, SdkHttpClient http, ObjectStore where, String platform) {
        this.client = client;
        this.http = http;
        this.where = where;
        root = (where.getPrefix().isEmpty() ? "" : where.getPrefix() + "/") + platform + "/";
    }

    /**
     * @param key below the platform's folder
     * @param etag without quotes; of what was sent at once MD5, as most servers have it
     */
    record Stored(String key, long size, Instant changed, String etag) {}

    static S3Store open(ObjectStore where, String platform, Secrets secrets) throws StepFailure {
        return open(where, platform, secrets, SILENCE);
    }

    /** @param silence for how long the store may neither send nor take a byte: then the request is tried again, or has failed */
    static S3Store open(ObjectStore where, String platform, Secrets secrets, Duration silence) throws StepFailure {
        var credentials = AwsBasicCredentials.create(
                secrets.resolve(where.getAccessKey()).strip(),
                secrets.resolve(where.getSecretKey()).strip());
        var http = new WatchedHttpClient(
                UrlConnectionHttpClient.builder()
                        .connectionTimeout(CONNECT)
                        .socketTimeout(silence)
                        .build(),
                silence);
        var builder = S3Client.builder()
                .httpClient(http)
                .region(Region.of(where.getRegion()))
                .credentialsProvider(StaticCredentialsProvider.create(credentials))
                .forcePathStyle(where.getPathStyle())
                // Checksums are ours, in headers: servers that do not know them leave them out, and do not fail.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .serviceConfiguration(
                        S3Configuration.builder().chunkedEncodingEnabled(false).build())
                .overrideConfiguration(override -> override.apiCallTimeout(REQUEST)
                        .defaultProfileFile(ProfileFile.aggregator().build()));
        if (where.getEndpoint() != null) {
            builder.endpointOverride(URI.create(where.getEndpoint()));
        }
        return new S3Store(builder.build(), http, where, platform);
    }

    interface Content<T> {
        T read(GetObjectResponse about, InputStream content) throws IOException, StepFailure;
    }

    /** One request. @throws StepFailure that says what to do */
    <T> T call(Function<S3Client, T> request) throws StepFailure, InterruptedException {
        try {
            return request.apply(client);
        } catch (SdkException e) {
            throw S3Errors.failure(where, e);
        }
    }

    String bucket() {
        return where.getBucket();
    }

    /** As the bucket has it. */
    String full(String key) {
        return root + key;
    }

    String own(String key) {
        return key.substring(root.length());
    }

    /** For people. */
    String name(String key) {
        return "s3://" + where.getBucket() + "/" + full(key);
    }

    /** All whose keys begin so, by key. */
    Map<String, Stored> list(String beginning) throws StepFailure, InterruptedException {
        var found = new LinkedHashMap<String, Stored>();
        call(s3 -> {
            s3.listObjectsV2Paginator(request -> request.bucket(bucket()).prefix(full(beginning)))
                    .contents()
                    .forEach(object -> {
                        var key = own(object.key());
                        if (!StoreKeys.isOurs(key)) {
                            return; // such as the marks for folders that some tools make
                        }
                        found.put(
                                key,
                                new Stored(key, object.size(), object.lastModified(), S3Upload.bare(object.eTag())));
                    });
            return found;
        });
        return found;
    }

    /** SHA-256 of an object's content, as it was when it was sent; empty where there is none. */
    Optional<String> sha256(String key) throws StepFailure, InterruptedException {
        return call(s3 -> {
            try {
                var about = s3.headObject(request -> request.bucket(bucket()).key(full(key)));
                return Optional.ofNullable(about.metadata().get(SHA256));
            } catch (NoSuchKeyException e) {
                return Optional.empty();
            }
        });
    }

    /** @param from bytes of it that are not wanted */
    <T> T get(String key, long from, Content<T> content) throws StepFailure, IOException, InterruptedException {
        var found = call(s3 -> {
            try {
                return Optional.of(s3.getObject(request ->
                        request.bucket(bucket()).key(full(key)).range(from == 0 ? null : "bytes=" + from + "-")));
            } catch (NoSuchKeyException e) {
                return Optional.<ResponseInputStream<GetObjectResponse>>empty();
            }
        });
        if (found.isEmpty()) {
            throw new StepFailure(FailureKind.MISMATCH, name(key) + " is not there, though a manifest names it");
        }
        try (var response = found.get()) {
            return content.read(response.response(), response);
        } catch (SdkException e) {
            throw S3Errors.failure(where, e);
        }
    }

    /** All of what is not signed, or not yet known to be: no more than {@link #LARGEST}. */
    byte[] bytes(String key) throws StepFailure, IOException, InterruptedException {
        return get(key, 0, (_, content) -> {
            try {
                var bytes = content.readNBytes(LARGEST + 1);
                if (bytes.length > LARGEST) {
                    throw new StepFailure(
                            FailureKind.MISMATCH,
                            name(key)
                                    + " is larger than 64 MiB, as none of ours is: somebody has put it there, remove it");
                }
                return bytes;
            } catch (IOException e) {
                throw new StepFailure(
                        FailureKind.UNAVAILABLE, "the store was lost in between (" + e.getMessage() + "): retry", e);
            }
        });
    }

    void delete(List<String> keys) throws StepFailure, InterruptedException {
        for (var key : keys) {
            call(s3 -> s3.deleteObject(request -> request.bucket(bucket()).key(full(key))));
        }
    }

    /** Multipart uploads that were begun, by key; of several for one key the newest. */
    Map<String, Begun> uploads(String beginning) throws StepFailure, InterruptedException {
        var begun = new LinkedHashMap<String, Begun>();
        call(s3 -> {
            s3.listMultipartUploadsPaginator(request -> request.bucket(bucket()).prefix(full(beginning)))
                    .uploads()
                    .forEach(upload -> begun.merge(
                            own(upload.key()),
                            new Begun(own(upload.key()), upload.uploadId(), upload.initiated()),
                            (a, b) -> b.at().isBefore(a.at()) ? a : b));
            return begun;
        });
        return begun;
    }

    record Begun(String key, String id, Instant at) {}

    /** @return the parts that arrived, by number */
    Map<Integer, Part> parts(Begun upload) throws StepFailure, InterruptedException {
        var parts = new LinkedHashMap<Integer, Part>();
        call(s3 -> {
            s3.listPartsPaginator(request ->
                            request.bucket(bucket()).key(full(upload.key())).uploadId(upload.id()))
                    .parts()
                    .forEach(part -> parts.put(
                            part.partNumber(),
                            new Part(part.size(), S3Upload.bare(part.eTag()), part.checksumSHA256())));
            return parts;
        });
        return parts;
    }

    record Part(long size, String etag, @Nullable String sha256) {}

    void abort(Begun upload) throws StepFailure, InterruptedException {
        call(s3 -> s3.abortMultipartUpload(
                request -> request.bucket(bucket()).key(full(upload.key())).uploadId(upload.id())));
    }

    @Override
    public void close() {
        client.close();
        http.close();
    }
}
