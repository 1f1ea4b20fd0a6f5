package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.DatabaseSpec;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.Probe;
import io.freedom.rollback.schemas.action.ComposeProject;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.Isolation;
import io.freedom.rollback.schemas.action.LogArchive;
import io.freedom.rollback.schemas.action.UsageBound;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The descriptor's parts as the workers' commands carry them. */
final class Contracts {
    private Contracts() {}

    static ComposeProject compose(PlatformDescriptor platform) {
        var compose = platform.compose();
        var envFile = compose.envFile() == null ? null : platform.workTree() + "/" + compose.envFile();
        var original = compose.original();
        return new ComposeProject(
                compose.project(),
                platform.workTree(),
                compose.files(),
                envFile,
                original == null
                        ? null
                        : new Isolation(original.platform(), original.workTree(), original.portOffset()),
                logs(platform));
    }

    private static @Nullable LogArchive logs(PlatformDescriptor platform) {
        var backups = platform.backups();
        var policy = backups.logs();
        return policy == null
                ? null
                : new LogArchive(
                        platform.name(),
                        backups.directory(),
                        policy.keep().toMillis(),
                        policy.bound(),
                        backups.reserve());
    }

    static Database database(DatabaseSpec spec) {
        return new Database(spec.service(), spec.name(), spec.user(), spec.jdbcUrl(), spec.password(), spec.except());
    }

    static HttpProbe probe(Probe probe) {
        return HttpProbe.newBuilder()
                .setName(probe.name())
                .setUrl(probe.url())
                .setMethod(probe.method())
                .setHeaders(probe.headers())
                .setBody(probe.body())
                .setStatus(probe.status())
                .setBodyPattern(probe.bodyPattern())
                .setAnswerPointer(probe.answerPointer())
                .setRole(probe.role())
                .build();
    }

    /**
     * Log lines that are no errors: what the descriptor says, and what PostgreSQL writes where a rollback swaps databases, of sessions that it ends and
     * of those that come meanwhile. Whether the platform's is there afterwards is seen otherwise.
     */
    static List<String> harmless(PlatformDescriptor platform) {
        var database = platform.database();
        var swapping = database == null
                ? Stream.<String>empty()
                : Stream.of(
                        "terminating .{1,100} due to administrator command",
                        "database \".{1,63}\" is not currently accepting connections",
                        "database " + Pattern.quote("\"" + database.name() + "\"") + " does not exist");
        return Stream.concat(platform.logs().ignore().stream(), swapping).toList();
    }

    /** @param services names; empty for all */
    static List<UsageBound> bounds(PlatformDescriptor platform, List<String> services) {
        return platform.services().stream()
                .filter(service -> services.isEmpty() || services.contains(service.name()))
                .filter(service -> service.memory() != null || service.cpu() != null)
                .map(service -> new UsageBound(service.name(), service.memory(), service.cpu()))
                .toList();
    }

    /** Sent once: what the platform answers right now. */
    static HttpProbe glance(Probe probe) {
        return HttpProbe.newBuilder(probe(probe)).setPatient(false).build();
    }
}
