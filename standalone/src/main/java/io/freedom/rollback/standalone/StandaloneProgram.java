package io.freedom.rollback.standalone;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code rollback-standalone}. Exit codes: 143 stopped by SIGTERM, 1 did not start or broke, 2 bad usage. */
@Command(
        name = "rollback-standalone",
        mixinStandardHelpOptions = true,
        versionProvider = StandaloneProgram.Version.class,
        sortOptions = false,
        description = "Runs broker, schema registry, orchestrator and the four workers of one machine.",
        footer = {
            "",
            "Every option can be given as an environment variable instead, e.g. ROLLBACK_BROKER_PORT=9092.",
            "Further properties of the services: DATA_DIR/rollback-standalone.properties."
        })
public final class StandaloneProgram implements Callable<Integer> {
    /** Longer than any orderly stop; past it the process ends as it is. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(45);

    /** A setting that cannot be read: whose it is, what it is, and what is wrong with it. */
    private static final int CAUSES = 3;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "${env:ROLLBACK_DATA_DIR:-data}",
            description = "Topics, schemas, state and logs; kept. Default: ${DEFAULT-VALUE}")
    private Path dataDirectory = Path.of("data");

    @Option(
            names = "--broker-port",
            paramLabel = "PORT",
            defaultValue = "${env:ROLLBACK_BROKER_PORT:-9092}",
            description = "Kafka clients. Default: ${DEFAULT-VALUE}")
    private int brokerPort;

    @Option(
            names = "--controller-port",
            paramLabel = "PORT",
            defaultValue = "${env:ROLLBACK_CONTROLLER_PORT:-9093}",
            description = "The broker's own. Default: ${DEFAULT-VALUE}")
    private int controllerPort;

    @Option(
            names = "--registry-port",
            paramLabel = "PORT",
            defaultValue = "${env:ROLLBACK_REGISTRY_PORT:-8081}",
            description = "Schema registry. Default: ${DEFAULT-VALUE}")
    private int registryPort;

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            defaultValue = "${env:ROLLBACK_HTTP_PORT:-8090}",
            description = "Webhook (/webhooks/incidents) and health (/actuator/health). Default: ${DEFAULT-VALUE}")
    private int httpPort;

    private final CountDownLatch end = new CountDownLatch(1);
    private volatile int exitCode;
    private volatile @Nullable Standalone running;

    public static void main(String[] args) {
        System.exit(new CommandLine(new StandaloneProgram()).execute(args));
    }

    @Override
    public Integer call() {
        var console = new Console(System.out);
        var data = dataDirectory.toAbsolutePath().normalize();
        var logs = data.resolve("logs");
        LogFiles.writeTo(logs);
        try {
            var ports = new Ports(brokerPort, controllerPort, registryPort, httpPort);
            console.say("rollback-standalone: data and logs in " + data);
            var settings = new Settings(data, Settings.registryOfDistribution(), ports);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(console), "stop"));
            running = Standalone.start(settings, console, () -> lost(console, logs));
            console.say("ready in " + console.elapsed() + " s");
            end.await();
            return exitCode;
        } catch (StartupException e) {
            System.err.println("rollback-standalone: " + e.text());
            return 1;
        } catch (RuntimeException e) {
            LogFiles.record("the start failed", e);
            System.err.println("rollback-standalone: the start failed: " + why(e) + ": see " + logs);
            return 1;
        } catch (InterruptedException e) {
            return 1;
        }
    }

    /** The last of what caused it: those before say which parts could not be made without that. */
    static String why(RuntimeException failure) {
        var causes = new ArrayDeque<String>();
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            var message = cause.getMessage();
            causes.add(message == null ? cause.toString() : message);
        }
        while (causes.size() > CAUSES) {
            causes.removeFirst();
        }
        return String.join(": ", causes);
    }

    private void lost(Console console, Path logs) {
        console.say("rollback-standalone: the schema registry ended and does not start again: see "
                + logs.resolve("registry.log"));
        exitCode = 1;
        end.countDown();
    }

    private void stop(Console console) {
        var system = running;
        if (system == null) {
            return;
        }
        console.say("stopping");
        long began = System.nanoTime();
        Thread.ofPlatform().daemon().start(StandaloneProgram::haltWhenOverdue);
        system.close();
        console.say("stopped in " + Console.seconds(Duration.ofNanos(System.nanoTime() - began)) + " s");
    }

    private static void haltWhenOverdue() {
        try {
            TimeUnit.MILLISECONDS.sleep(STOP_LIMIT.toMillis());
            System.err.println("rollback-standalone: not stopped within " + STOP_LIMIT.toSeconds() + " s: ending now");
            Runtime.getRuntime().halt(1);
        } catch (InterruptedException e) {
            // Stopped in time.
        }
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            var version = StandaloneProgram.class.getPackage().getImplementationVersion();
            return new String[] {"rollback-standalone " + (version == null ? "(not packaged)" : version)};
        }
    }
}
