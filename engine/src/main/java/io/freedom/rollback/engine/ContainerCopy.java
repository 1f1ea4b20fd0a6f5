package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepCancelledException;
import io.freedom.rollback.worker.StepFailure;
import java.io.BufferedOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;

/** Files that go into or come out of a container, as tar streams. */
final class ContainerCopy {
    private static final int BUFFER = 1 << 16;

    private final DockerClient client;
    private final Calls calls;
    private final String containerId;

    ContainerCopy(DockerClient client, Calls calls, String containerId) {
        this.client = client;
        this.calls = calls;
        this.containerId = containerId;
    }

    long unpack(String path, Path target, LongConsumer progress) throws StepFailure, InterruptedException {
        return read(path, progress, in -> TarFolder.unpack(in, target));
    }

    long tar(String path, OutputStream out) throws StepFailure, InterruptedException {
        return tar(path, out, bytes -> {});
    }

    long tar(String path, OutputStream out, LongConsumer progress) throws StepFailure, InterruptedException {
        return read(path, progress, in -> in.transferTo(out));
    }

    long read(String path, LongConsumer progress, TarReader reader) throws StepFailure, InterruptedException {
        var what = "copying " + path + " out of container " + Engine.shortened(containerId);
        var activity = new Calls.Activity();
        return calls.stream(what, activity, () -> {
            try (var source = client.copyArchiveFromContainerCmd(containerId, path)
                            .exec();
                    var watched = new WatchedTar(source, total -> {
                        activity.touch();
                        progress.accept(total);
                    })) {
                long bytes = onDisk(what, () -> reader.read(watched));
                if (!watched.isComplete()) {
                    throw new StepFailure(
                            FailureKind.UNAVAILABLE,
                            what + ": the stream was cut after " + watched.bytes() + " bytes; retry");
                }
                return bytes;
            }
        });
    }

    void in(Path source, String directory) throws StepFailure, InterruptedException {
        var what = "copying " + source + " to " + directory + " in container " + Engine.shortened(containerId);
        if (!Files.exists(source)) {
            throw new StepFailure(FailureKind.PRECONDITION, what + ": there is no such file");
        }
        in(what, out -> TarFolder.pack(source, out, _ -> {}), directory);
    }

    /** Unpacks what is written, while it is written. */
    void in(String what, TarWriter writer, String directory) throws StepFailure, InterruptedException {
        var activity = new Calls.Activity();
        calls.stream(what, activity, () -> {
            var pipe = Pipe.open();
            var packing = new FutureTask<>(() -> {
                // A tar is written in blocks of 512 bytes.
                try (var out = new BufferedOutputStream(Channels.newOutputStream(pipe.sink()), BUFFER)) {
                    writer.write(out);
                }
                return null;
            });
            // A virtual thread waits for the pipe by way of a poller: a quarter longer.
            var packer = Thread.ofPlatform().daemon().start(packing);
            try (var in = new WatchedTar(Channels.newInputStream(pipe.source()), _ -> activity.touch())) {
                put(what, in, directory);
                onDisk(what, packing::get);
            } catch (RuntimeException e) {
                throw cause(packing, e);
            } finally {
                packer.interrupt();
            }
            return null;
        });
    }

    /** What kept the writer from coming to an end, where that is of its own: the engine notices first that it did not. */
    private static Exception cause(FutureTask<?> packing, RuntimeException refusal) throws InterruptedException {
        try {
            packing.get(1, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case StepFailure failure -> {
                    return failure;
                }
                case StepCancelledException cancelled -> {
                    return cancelled;
                }
                case null, default -> refusal.addSuppressed(e);
            }
        } catch (TimeoutException e) {
            refusal.addSuppressed(e);
        }
        return refusal;
    }

    /** Unpacks a tar stream below a folder, with the owners that it names. Returns bytes. */
    long tarIn(InputStream tar, String directory, LongConsumer progress) throws StepFailure, InterruptedException {
        var what = "copying to " + directory + " in container " + Engine.shortened(containerId);
        var activity = new Calls.Activity();
        return calls.stream(what, activity, () -> {
            try (var watched = new WatchedTar(tar, total -> {
                activity.touch();
                progress.accept(total);
            })) {
                put(what, watched, directory);
                return watched.bytes();
            }
        });
    }

    private void put(String what, InputStream tar, String directory) throws StepFailure {
        try {
            client.copyArchiveToContainerCmd(containerId)
                    .withRemotePath(directory)
                    .withTarInputStream(tar)
                    .exec();
        } catch (DockerException e) {
            if (!String.valueOf(e.getMessage()).contains("no space left on device")) {
                throw e;
            }
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the disk of container %s, where its %s is, is full: free space (%s)"
                            .formatted(Engine.shortened(containerId), directory, what),
                    e);
        }
    }

    /** An error of this machine's disk is not a silence of the engine. */
    static <T> T onDisk(String what, Callable<T> work) throws Exception {
        try {
            return work.call();
        } catch (java.nio.file.FileSystemException e) {
            throw new StepFailure(FailureKind.TOOL, what + ": " + e, e);
        } catch (ExecutionException e) {
            throw switch (e.getCause()) {
                case StepFailure failure -> failure;
                case StepCancelledException cancelled -> cancelled;
                case null, default -> new StepFailure(FailureKind.TOOL, what + ": " + e.getCause(), e);
            };
        }
    }
}
