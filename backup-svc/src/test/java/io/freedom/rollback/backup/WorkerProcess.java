package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;

import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.DumpDatabase;
import io.freedom.rollback.schemas.action.KeepWalArchive;
import io.freedom.rollback.schemas.action.RestoreDatabase;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.apache.avro.specific.SpecificRecordBase;

/** A worker with a process of its own, so that kill -9 leaves all that it leaves. */
final class WorkerProcess implements AutoCloseable {
    private final Process process;

    private WorkerProcess(Process process) {
        this.process = process;
    }

    static WorkerProcess start(String rollbackId, DumpDatabase action) throws IOException {
        return start(rollbackId, action, action.toByteBuffer());
    }

    static WorkerProcess start(String rollbackId, RestoreDatabase action) throws IOException {
        return start(rollbackId, action, action.toByteBuffer());
    }

    /** It lives on after its look. */
    static WorkerProcess start(String rollbackId, KeepWalArchive action) throws IOException {
        return start(rollbackId, action, action.toByteBuffer());
    }

    private static WorkerProcess start(String rollbackId, SpecificRecordBase action, ByteBuffer encoded)
            throws IOException {
        var bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new WorkerProcess(new ProcessBuilder(
                        java,
                        "-XX:TieredStopAtLevel=1",
                        "-D" + Vaults.PROPERTY + "=" + Vaults.KEYS,
                        "-cp",
                        System.getProperty("java.class.path"),
                        WorkerProcess.class.getName(),
                        rollbackId,
                        action.getClass().getSimpleName(),
                        Base64.getEncoder().encodeToString(bytes))
                .inheritIO()
                .start());
    }

    /** Returns when it is dead. */
    void kill() throws InterruptedException {
        if (!process.isAlive()) {
            throw new IllegalStateException("it has ended by itself with exit code " + process.exitValue());
        }
        process.destroyForcibly();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            throw new IllegalStateException("it does not die");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    public static void main(String[] arguments) throws Exception {
        TrustedSchemas.trust();
        var step = new RunningStep(arguments[0]);
        var encoded = ByteBuffer.wrap(Base64.getDecoder().decode(arguments[2]));
        try (var engines = new EngineProvider()) {
            switch (arguments[1]) {
                case "DumpDatabase" ->
                    new DumpDatabaseHandler(engines, VAULT).execute(DumpDatabase.fromByteBuffer(encoded), step);
                case "RestoreDatabase" ->
                    new RestoreDatabaseHandler(engines, VAULT, InstantSource.system())
                            .execute(RestoreDatabase.fromByteBuffer(encoded), step);
                case "KeepWalArchive" -> {
                    new KeepWalArchiveHandler(engines, VAULT, InstantSource.system())
                            .execute(KeepWalArchive.fromByteBuffer(encoded), step);
                    Thread.currentThread().join();
                }
                default -> throw new IllegalArgumentException(arguments[1]);
            }
        }
    }
}
