package io.freedom.rollback.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.CpuStatsConfig;
import com.github.dockerjava.api.model.MemoryStatsConfig;
import com.github.dockerjava.api.model.Statistics;
import com.github.dockerjava.core.DockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.transport.DockerHttpClient;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads the engine's statistics as `docker stats` does, so that an operator sees the same numbers. */
final class ContainerStatistics {
    private static final Duration APART = Duration.ofMillis(300);
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final ObjectMapper JSON = DockerClientConfig.getDefaultObjectMapper();

    private ContainerStatistics() {}

    /**
     * Two samples of our own: a new engine gives each at once, while its own pair takes two seconds. An old one (20.10) gives
     * one a second. Empty when the container is gone or does not run.
     */
    static Optional<ContainerUsage> read(DockerClient client, Calls calls, String apiVersion, String containerId)
            throws StepFailure, InterruptedException {
        return calls.call("reading statistics of container " + Engine.shortened(containerId), () -> {
            var before = sample(client, apiVersion, containerId);
            if (before.isEmpty()) {
                return Optional.<ContainerUsage>empty();
            }
            TimeUnit.NANOSECONDS.sleep(APART.toNanos());
            var now = sample(client, apiVersion, containerId);
            return now.flatMap(later -> usage(before.get(), later));
        });
    }

    private static Optional<Statistics> sample(DockerClient client, String apiVersion, String containerId)
            throws IOException {
        var request = DockerHttpClient.Request.builder()
                .method(DockerHttpClient.Request.Method.GET)
                .path("/v" + apiVersion + "/containers/" + containerId + "/stats?stream=false&one-shot=true")
                .build();
        // docker-java's command cannot ask for one sample.
        try (var response = ((DockerClientImpl) client).getHttpClient().execute(request)) {
            int status = response.getStatusCode();
            if (status == NOT_FOUND) {
                return Optional.empty();
            }
            if (status >= BAD_REQUEST) {
                throw new DockerException(new String(response.getBody().readAllBytes(), UTF_8), status);
            }
            return Optional.of(JSON.readValue(response.getBody(), Statistics.class));
        }
    }

    static Optional<ContainerUsage> usage(Statistics before, Statistics now) {
        var memory = now.getMemoryStats();
        if (memory == null || memory.getUsage() == null) {
            return Optional.empty(); // The engine answers for a stopped container, too.
        }
        var pids = now.getPidsStats();
        return Optional.of(new ContainerUsage(
                held(memory),
                cpu(before.getCpuStats(), now.getCpuStats()),
                orZero(pids == null ? null : pids.getCurrent())));
    }

    /** Files read long ago are given up when anybody needs the memory. Named otherwise in versions 1 and 2 of cgroups. */
    private static long held(MemoryStatsConfig memory) {
        long usage = orZero(memory.getUsage());
        var stats = memory.getStats();
        if (stats == null) {
            return usage;
        }
        var first = stats.getTotalInactiveFile();
        long inactive = first != null && first < usage ? first : orZero(stats.getInactiveFile());
        return inactive < usage ? usage - inactive : usage;
    }

    private static double cpu(@Nullable CpuStatsConfig before, @Nullable CpuStatsConfig now) {
        if (before == null || now == null || before.getCpuUsage() == null || now.getCpuUsage() == null) {
            return 0;
        }
        double used = orZero(now.getCpuUsage().getTotalUsage())
                - orZero(before.getCpuUsage().getTotalUsage());
        double passed = orZero(now.getSystemCpuUsage()) - orZero(before.getSystemCpuUsage());
        return used > 0 && passed > 0 ? used / passed * processors(now) * 100 : 0;
    }

    private static long processors(CpuStatsConfig cpu) {
        var online = cpu.getOnlineCpus();
        if (online != null && online > 0) {
            return online;
        }
        var each = cpu.getCpuUsage() == null ? null : cpu.getCpuUsage().getPercpuUsage();
        return each == null || each.isEmpty() ? 1 : each.size();
    }

    private static long orZero(@Nullable Long value) {
        return value == null ? 0 : value;
    }
}
