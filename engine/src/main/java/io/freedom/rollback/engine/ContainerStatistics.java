package io.freedom.rollback.engine;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.CpuStatsConfig;
import com.github.dockerjava.api.model.MemoryStatsConfig;
import com.github.dockerjava.api.model.Statistics;
import io.freedom.rollback.worker.StepFailure;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Reads the engine's statistics as `docker stats` does, so that an operator sees the same numbers. */
final class ContainerStatistics {
    private ContainerStatistics() {}

    /** Without streaming the engine takes two samples, a second or two apart. Empty when it is gone or does not run. */
    static Optional<ContainerUsage> read(DockerClient client, Calls calls, String containerId)
            throws StepFailure, InterruptedException {
        return calls.call("reading statistics of container " + Engine.shortened(containerId), () -> {
            var read = new AtomicReference<@Nullable Statistics>();
            try (var callback = new ResultCallback.Adapter<Statistics>() {
                @Override
                public void onNext(Statistics statistics) {
                    read.set(statistics);
                }
            }) {
                client.statsCmd(containerId).withNoStream(true).exec(callback).awaitCompletion();
            } catch (NotFoundException e) {
                return Optional.<ContainerUsage>empty();
            }
            var statistics = read.get();
            return statistics == null ? Optional.<ContainerUsage>empty() : usage(statistics);
        });
    }

    static Optional<ContainerUsage> usage(Statistics statistics) {
        var memory = statistics.getMemoryStats();
        if (memory == null || memory.getUsage() == null) {
            return Optional.empty(); // The engine answers for a stopped container, too.
        }
        var pids = statistics.getPidsStats();
        return Optional.of(new ContainerUsage(
                held(memory),
                cpu(statistics.getPreCpuStats(), statistics.getCpuStats()),
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
