package io.freedom.rollback.engine;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The compose program of this machine: the plugin of version 2 or later, else the standalone one.
 *
 * @param legacy version 1, which names images {@code project_service} and has fewer options
 */
record ComposeCli(List<String> argv, String version, boolean legacy) {
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)(\\.[0-9A-Za-z.+-]+)?");
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static @Nullable ComposeCli detected;

    ComposeCli {
        argv = List.copyOf(argv);
    }

    /** Looks once; a failure is not remembered, so that compose can be installed under a running worker. */
    static ComposeCli detect() throws StepFailure, InterruptedException {
        LOCK.lockInterruptibly();
        try {
            var known = detected;
            if (known == null) {
                known = look(List.of(List.of("docker", "compose"), List.of("docker-compose")))
                        .withoutDetour();
                detected = known;
            }
            return known;
        } finally {
            LOCK.unlock();
        }
    }

    static ComposeCli look(List<List<String>> candidates) throws StepFailure, InterruptedException {
        var tooOld = new ArrayList<String>();
        for (var candidate : candidates) {
            var version = version(candidate);
            var matcher = VERSION.matcher(version);
            if (!matcher.find()) {
                continue;
            }
            int major = Integer.parseInt(matcher.group(1));
            if (major > 1 || Integer.parseInt(matcher.group(2)) >= 27) {
                return new ComposeCli(candidate, matcher.group(), major == 1);
            }
            tooOld.add(String.join(" ", candidate) + " is " + matcher.group());
        }
        throw new StepFailure(
                FailureKind.PRECONDITION,
                (tooOld.isEmpty() ? "compose is not installed" : String.join(", ", tooOld) + ", which is too old")
                        + ": install the docker compose plugin (2.0 or later), or docker-compose 1.27 or later, on this"
                        + " machine");
    }

    /**
     * The plugin itself where `docker` only hands over to it: half a dozen processes fewer a call, and none of them left
     * when a worker is killed.
     */
    private ComposeCli withoutDetour() throws InterruptedException {
        if (!argv.equals(List.of("docker", "compose"))) {
            return this;
        }
        var plugin = said(List.of(
                "docker",
                "info",
                "--format",
                "{{range .ClientInfo.Plugins}}{{if eq .Name \"compose\"}}{{.Path}}{{end}}{{end}}"));
        var direct = List.of(plugin.strip());
        return !plugin.isBlank() && version(direct).contains(version) ? new ComposeCli(direct, version, legacy) : this;
    }

    private static String version(List<String> candidate) throws InterruptedException {
        var argv = new ArrayList<>(candidate);
        argv.addAll(List.of("version", "--short"));
        return said(argv);
    }

    /** Standard output; empty when the program is not there or fails. */
    private static String said(List<String> argv) throws InterruptedException {
        try {
            var result = Command.in(Path.of("/"), argv)
                    .timeout(Duration.ofSeconds(20))
                    .run();
            return result.succeeded() ? result.stdout() : "";
        } catch (StepFailure e) {
            return "";
        }
    }
}
