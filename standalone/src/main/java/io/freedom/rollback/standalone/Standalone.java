package io.freedom.rollback.standalone;

import io.freedom.rollback.standalone.broker.EmbeddedBroker;
import io.freedom.rollback.standalone.registry.RegistryProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.Banner;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.kafka.config.StreamsBuilderFactoryBean;

/** The running system: broker, registry, and orchestrator with workers. Closing stops them in the opposite order. */
public final class Standalone implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Standalone.class);
    private static final Duration ORCHESTRATOR_LIMIT = Duration.ofSeconds(90);

    private final DataDirectory data;
    private final Settings settings;
    private final Console console;
    private final Runnable lost;
    private @Nullable EmbeddedBroker broker;
    private @Nullable RegistryProcess registry;
    private @Nullable ConfigurableApplicationContext services;

    private Standalone(DataDirectory data, Settings settings, Console console, Runnable lost) {
        this.data = data;
        this.settings = settings;
        this.console = console;
        this.lost = lost;
    }

    /**
     * Returns when everything is ready.
     *
     * @param lost called once when a part ended by itself and the system can no longer work
     * @throws StartupException for expected reasons, e.g. a port in use
     */
    static Standalone start(Settings settings, Console console, Runnable lost) {
        // First the directory: "in use by another rollback-standalone" says more than the ports of that one would.
        var data = DataDirectory.open(settings.dataDirectory());
        var system = new Standalone(data, settings, console, lost);
        try {
            settings.ports().requireFree();
            system.startAll();
            return system;
        } catch (RuntimeException | Error e) {
            system.close();
            throw e;
        }
    }

    private void startAll() {
        boolean newKey = !Files.exists(data.keyFile());
        var brokerReady = inThread("broker-start", this::startBroker);
        var registryReady = inThread("registry-start", this::startRegistry);
        var infrastructure = CompletableFuture.allOf(brokerReady, registryReady);
        try {
            var context = services(infrastructure);
            services = context;
            awaitOrchestrator(context);
        } catch (RuntimeException e) {
            // What is starting beside must have ended its start before it can be stopped.
            CompletableFuture.allOf(
                            brokerReady.exceptionally(failure -> null), registryReady.exceptionally(failure -> null))
                    .join();
            throw cause(e);
        }
        console.ready("services", "http://127.0.0.1:" + settings.ports().http());
        if (newKey) {
            console.say(
                    "  The key of the restore points is new. Keep a copy of it elsewhere, without it none can be read: "
                            + data.keyFile());
        }
    }

    private @Nullable Void startBroker() throws Exception {
        var ports = settings.ports();
        broker = EmbeddedBroker.start(data.broker(), data.clusterId(), ports.broker(), ports.controller());
        console.ready("broker", "127.0.0.1:" + ports.broker());
        return null;
    }

    private @Nullable Void startRegistry() throws IOException, InterruptedException {
        var process = RegistryProcess.start(
                settings.registryHome(),
                data.registry(),
                data.logs(),
                settings.ports().registry(),
                lost);
        registry = process;
        process.awaitReady();
        console.ready("registry", process.address().toString());
        return null;
    }

    private ConfigurableApplicationContext services(CompletableFuture<Void> infrastructure) {
        return new SpringApplicationBuilder(StandaloneConfiguration.class)
                .bannerMode(Banner.Mode.OFF)
                .registerShutdownHook(false)
                .initializers(context -> ((GenericApplicationContext) context)
                        .registerBean(InfrastructureGate.class, () -> new InfrastructureGate(infrastructure)))
                .properties(Map.of(
                        // Every service's jar has an application.properties of its own; here none of them is meant.
                        "spring.config.name",
                        "rollback-standalone",
                        "spring.config.additional-location",
                        "optional:file:" + settings.dataDirectory() + "/",
                        "spring.kafka.bootstrap-servers",
                        "127.0.0.1:" + settings.ports().broker(),
                        "rollback.schema-registry-url",
                        "http://127.0.0.1:" + settings.ports().registry() + "/apis/ccompat/v7",
                        "rollback.state-directory",
                        data.state().toString(),
                        "rollback.backups.key-file",
                        data.keyFile().toString(),
                        "server.port",
                        String.valueOf(settings.ports().http())))
                .run();
    }

    /** A start command sent before would wait; "ready" means that it does not. */
    private void awaitOrchestrator(ConfigurableApplicationContext context) {
        var factory = context.getBean(StreamsBuilderFactoryBean.class);
        long deadline = System.nanoTime() + ORCHESTRATOR_LIMIT.toNanos();
        var state = KafkaStreams.State.CREATED;
        while (state != KafkaStreams.State.RUNNING) {
            if (System.nanoTime() > deadline) {
                throw new StartupException("the orchestrator is not running after " + ORCHESTRATOR_LIMIT.toSeconds()
                        + " s, but " + state + ": see " + data.logs().resolve("services.log"));
            }
            LockSupport.parkNanos(20_000_000);
            var streams = factory.getKafkaStreams();
            state = streams == null ? KafkaStreams.State.CREATED : streams.state();
        }
    }

    /** Services first, while they can still publish and commit; then the broker; the registry last. */
    @Override
    public void close() {
        stop("services", services);
        stop("broker", broker);
        stop("registry", registry);
        stop("data directory", data);
    }

    private static void stop(String part, @Nullable AutoCloseable running) {
        if (running != null) {
            try {
                running.close();
                log.info("stopped: {}", part);
            } catch (Exception e) {
                log.warn("the {} did not stop cleanly", part, e);
            }
        }
    }

    private static CompletableFuture<Void> inThread(String name, Callable<@Nullable Void> start) {
        var done = new CompletableFuture<Void>();
        Thread.ofPlatform().name(name).start(() -> {
            try {
                done.complete(start.call());
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    /** The expected reason inside Spring's wrapping, where there is one. */
    private static RuntimeException cause(RuntimeException thrown) {
        for (Throwable e = thrown; e != null; e = e.getCause()) {
            if (e instanceof StartupException expected) {
                return expected;
            }
        }
        return thrown;
    }
}
