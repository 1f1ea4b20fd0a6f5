package io.freedom.rollback.backup;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.CheckDatabaseServer;
import io.freedom.rollback.schemas.action.ContainersForecast;
import io.freedom.rollback.schemas.action.Database;
import io.freedom.rollback.schemas.action.DatabaseServerChecked;
import io.freedom.rollback.schemas.action.ImagesPrepared;
import io.freedom.rollback.schemas.action.PreparedImage;
import io.freedom.rollback.schemas.action.RowsChange;
import io.freedom.rollback.schemas.action.ServiceForecast;
import io.freedom.rollback.schemas.action.TableRows;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import io.freedom.rollback.worker.sql.JdbcConnections;
import io.freedom.rollback.worker.sql.TableCounts;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Whether the database server, that of the target if it is another, would take the data; asked before any downtime. */
final class CheckDatabaseServerHandler implements StepHandler<CheckDatabaseServer> {
    private static final Duration BRIEF = Duration.ofSeconds(20);
    private static final Pattern VERSION = Pattern.compile("(\\d+)(\\.\\d+)?");

    private final EngineProvider engines;
    private final Vault vault;

    CheckDatabaseServerHandler(EngineProvider engines, Vault vault) {
        this.engines = engines;
        this.vault = vault;
    }

    @Override
    public Class<CheckDatabaseServer> action() {
        return CheckDatabaseServer.class;
    }

    @Override
    public Completed execute(CheckDatabaseServer action, StepContext step) throws StepFailure, InterruptedException {
        var found = look(action, step);
        if (action.getEnforce() && !found.getProblems().isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the database server would not take the data; nothing was stopped: "
                            + String.join("; ", found.getProblems()));
        }
        return new Completed(found, summary(found));
    }

    private DatabaseServerChecked look(CheckDatabaseServer action, StepContext step)
            throws StepFailure, InterruptedException {
        var database = action.getDatabase();
        try {
            return Sql.work(database, () -> {
                try (var connection = JdbcConnections.open(database, step)) {
                    return check(action, connection, step);
                }
            });
        } catch (StepFailure e) {
            // What is to be replaced may be as broken as it likes.
            if (!action.getMayBeAway() || e.kind() == FailureKind.OUTAGE) {
                throw e;
            }
            return DatabaseServerChecked.newBuilder()
                    .setServerVersion("unknown")
                    .setExtensions(List.of())
                    .setWarnings(List.of("it is to be replaced, and could not be looked at: " + e.text()))
                    .build();
        }
    }

    private DatabaseServerChecked check(CheckDatabaseServer action, Connection connection, StepContext step)
            throws SQLException, StepFailure, InterruptedException {
        var engine = engines.engine();
        var database = action.getDatabase();
        var container = engine.running(action.getCompose().getProject(), database.getService());
        var server = Sql.serverVersion(connection);
        var major = ServerImage.major(server);
        var extensions = extensions(connection);
        var problems = new ArrayList<>(tools(engine, container, server));
        var warnings = new ArrayList<>(collations(connection, major));
        lookAtOthers(connection, database, major, extensions, warnings, step);
        var found = DatabaseServerChecked.newBuilder()
                .setServerVersion(server)
                .setExtensions(extensions.entrySet().stream()
                        .map(extension -> extension.getKey() + " " + extension.getValue())
                        .toList());
        VersionRules.server(server).ifPresent(problems::add);
        VersionRules.newness(server).ifPresent(warnings::add);
        step.checkpoint();
        var image = targetImage(database.getService(), step);
        if (image.isPresent()) {
            var id = engine.images().id(image.get());
            if (id.isEmpty()) {
                warnings.add("image " + image.get() + " of the target's " + database.getService()
                        + " is not here yet: whether its server takes these data shows once it is");
            } else if (!id.get().equals(container.imageId())) {
                found.setTargetVersion(target(
                        engine, container, image.get(), database.getService(), major, extensions, problems, warnings));
            }
        }
        step.checkpoint();
        var point = action.getRestorePoint();
        if (point != null) {
            compare(point, action, connection, server, found, problems, warnings, step);
        }
        return found.setProblems(problems).setWarnings(warnings).build();
    }

    /** They come with the server, and go with its volume. */
    private static void lookAtOthers(
            Connection connection,
            Database platform,
            String major,
            Map<String, String> extensions,
            List<String> warnings,
            StepContext step)
            throws SQLException, StepFailure, InterruptedException {
        var databases = ServerDatabases.of(connection, platform, step);
        databases.leftOut().forEach(other -> warnings.add("in no restore point: " + other));
        for (var other : databases.others()) {
            step.checkpoint();
            try (var its = JdbcConnections.open(platform, other, step)) {
                extensions(its).forEach(extensions::putIfAbsent);
                collations(its, major).forEach(warning -> warnings.add("database " + other + ": " + warning));
            } catch (StepFailure e) {
                warnings.add("database " + other + " of the same server could not be looked at: " + e.text());
            }
        }
    }

    private static Map<String, String> extensions(Connection connection) throws SQLException {
        var found = new TreeMap<String, String>();
        for (var row : Sql.rows(connection, "SELECT extname, extversion FROM pg_extension")) {
            found.put(String.valueOf(row.getFirst()), String.valueOf(row.get(1)));
        }
        return found;
    }

    private static List<String> tools(Engine engine, EngineContainer container, String server)
            throws StepFailure, InterruptedException {
        var problems = new ArrayList<String>();
        for (var tool : List.of("pg_dump", "pg_restore")) {
            var answer = engine.exec(container.id(), List.of(tool, "--version"), Map.of(), BRIEF);
            var version = VERSION.matcher(answer.stdout());
            if (!answer.succeeded() || !version.find()) {
                problems.add("container " + container.name() + " has no " + tool
                        + ": use an image of the server that has its client tools");
            } else {
                VersionRules.tool(tool, version.group(), container.name(), server)
                        .ifPresent(problems::add);
            }
        }
        return problems;
    }

    /** Indexes over text that were sorted by another library find less than there is. */
    private static List<String> collations(Connection connection, String major) throws SQLException {
        var warnings = new ArrayList<String>();
        if (Integer.parseInt(major) >= 15) {
            for (var row : Sql.rows(connection, """
                    SELECT datcollversion, pg_database_collation_actual_version(oid) FROM pg_database
                     WHERE datname = current_database() AND datcollversion IS NOT NULL
                       AND datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)
                    """)) {
                warnings.add("the database was sorted with collation version " + row.getFirst() + ", the server has "
                        + row.get(1) + ": REINDEX it, then ALTER DATABASE … REFRESH COLLATION VERSION");
            }
        }
        for (var row : Sql.rows(connection, """
                SELECT collname FROM pg_collation WHERE collversion IS NOT NULL
                   AND collversion IS DISTINCT FROM pg_collation_actual_version(oid) ORDER BY 1
                """)) {
            warnings.add("collation " + row.getFirst() + " has changed its version: REINDEX what uses it, then ALTER"
                    + " COLLATION … REFRESH VERSION");
        }
        return warnings;
    }

    /** The image that the target's server has; empty where nobody has said. */
    private static Optional<String> targetImage(String service, StepContext step) {
        return step.find(ImagesPrepared.class).map(ImagesPrepared::getImages).stream()
                .flatMap(List::stream)
                .filter(image -> image.getService().equals(service))
                .map(PreparedImage::getPreparedImage)
                .findFirst()
                .or(() -> step.find(ContainersForecast.class).map(ContainersForecast::getServices).stream()
                        .flatMap(List::stream)
                        .filter(forecast -> forecast.getService().equals(service))
                        .map(ServiceForecast::getImage)
                        .filter(Objects::nonNull)
                        .findFirst());
    }

    private static @Nullable String target(
            Engine engine,
            EngineContainer container,
            String image,
            String service,
            String major,
            Map<String, String> extensions,
            List<String> problems,
            List<String> warnings)
            throws StepFailure, InterruptedException {
        var now = ServerImage.of(
                engine.exec(container.id(), List.of("/bin/sh", "-c", ServerImage.QUESTION), Map.of(), BRIEF)
                        .stdout());
        var then = ServerImage.of(
                engine.runAside(image, ServerImage.QUESTION, BRIEF).stdout());
        if (then.version().isEmpty()) {
            warnings.add("no postgres was found in image " + image + " of the target's " + service
                    + ": whether it takes these data is not known");
            return null;
        }
        var version = ServerImage.major(then.version().get());
        if (!VersionRules.sharesFiles(version, major)) {
            problems.add("the target's " + service + " is PostgreSQL " + version + ", the data are of " + major
                    + ", and neither reads the other's: choose a target with " + major + ", or move the data by hand");
        }
        if (!then.extensions().isEmpty()) {
            extensions.keySet().stream()
                    .filter(extension -> !then.extensions().contains(extension))
                    .forEach(extension -> problems.add("the target's " + service + " lacks extension " + extension
                            + ", which the database uses: choose another target, or drop the extension"));
        }
        if (!now.library().equals(then.library()) && now.library().isPresent()) {
            warnings.add("the target's " + service + " sorts text with "
                    + then.library().orElse("another library") + " instead of "
                    + now.library().get() + ": REINDEX after the rollback");
        }
        return version;
    }

    private void compare(
            String restorePoint,
            CheckDatabaseServer action,
            Connection connection,
            String server,
            DatabaseServerChecked.Builder found,
            List<String> problems,
            List<String> warnings,
            StepContext step)
            throws SQLException, StepFailure, InterruptedException {
        var point = RestorePoint.at(restorePoint);
        var manifest = Manifest.load(point, vault);
        var dumped = manifest.database();
        if (dumped == null) {
            problems.add("restore point " + point.id() + " holds no database: choose another");
            return;
        }
        VersionRules.dump(point.id(), dumped.serverVersion(), server).ifPresent(problems::add);
        if (!action.getEnforce()) {
            var platform = action.getDatabase();
            var there = ServerDatabases.of(connection, platform, step).names();
            var changes = new ArrayList<RowsChange>();
            for (var one : manifest.restored(platform)) {
                changes.addAll(changes(one, platform, there, step));
            }
            var then = dumped.nextTransaction();
            long since = then == null ? -1 : Transactions.next(connection) - then;
            // A server that was made anew begins to count anew.
            found.setChanges(changes).setTransactions(Math.max(-1, since));
            var left = there.stream()
                    .filter(name -> !manifest.databases().contains(name))
                    .toList();
            if (!left.isEmpty()) {
                warnings.add("stay as they are, as the restore point does not have them: " + String.join(", ", left));
            }
        }
    }

    private static List<RowsChange> changes(DumpRecord dumped, Database platform, List<String> there, StepContext step)
            throws SQLException, StepFailure {
        var name = dumped.database();
        var other = name.equals(platform.getName()) ? null : name;
        if (!there.contains(name)) {
            return changes(dumped, other, List.of());
        }
        try (var connection = JdbcConnections.open(platform, name, step)) {
            return changes(dumped, other, TableCounts.exact(connection, tables -> {
                step.checkpoint();
                step.progress(tables, 0, "tables", "counting rows of " + name);
            }));
        }
    }

    private static List<RowsChange> changes(DumpRecord dumped, @Nullable String other, List<TableRows> counted) {
        var changes = new TreeMap<String, RowsChange>();
        for (var rows : dumped.tables()) {
            changes.put(
                    rows.schema() + "." + rows.table(),
                    new RowsChange(rows.schema(), rows.table(), -1L, rows.rows(), other));
        }
        for (var rows : counted) {
            changes.merge(
                    rows.getSchema$() + "." + rows.getTable(),
                    new RowsChange(rows.getSchema$(), rows.getTable(), rows.getRows(), -1L, other),
                    (then, now) ->
                            new RowsChange(then.getSchema$(), then.getTable(), now.getNow(), then.getThen(), other));
        }
        return changes.values().stream()
                .filter(change -> change.getNow() != change.getThen())
                .toList();
    }

    private static String summary(DatabaseServerChecked found) {
        var target = found.getTargetVersion();
        var notes = new ArrayList<String>();
        notes.add("PostgreSQL " + found.getServerVersion() + (target == null ? "" : ", " + target + " at the target"));
        notes.add(found.getExtensions().size() + (found.getExtensions().size() == 1 ? " extension" : " extensions"));
        notes.addAll(found.getProblems());
        notes.addAll(found.getWarnings());
        return String.join("; ", notes);
    }
}
