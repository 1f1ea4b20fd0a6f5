package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.KEYS;
import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.vault.BackupKeys;
import io.freedom.rollback.vault.Vault;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files as the container worker leaves them. */
class KeptLogsTest {
    @TempDir
    private Path backups;

    private final List<String> faults = new ArrayList<>();

    private Path file(String name) throws IOException {
        var file = backups.resolve(".logs/freedom").resolve(name);
        Files.createDirectories(file.getParent());
        return file;
    }

    private static String text(String... lines) {
        return Arrays.stream(lines).map(line -> "2026-11-26T" + line + "\n").reduce("", String::concat);
    }

    private Path sealed(String name, String... lines) throws IOException {
        return keep(file(name + ".log.zst.age"), text(lines).getBytes(StandardCharsets.UTF_8));
    }

    private static Path keep(Path file, byte[] content) throws IOException {
        try (var out = file.toString().endsWith(".gz") ? new GZIPOutputStream(Vault.plain(file)) : VAULT.create(file)) {
            out.write(content);
        }
        return file;
    }

    private List<String> print(@Nullable String service, @Nullable String since, @Nullable String until)
            throws Exception {
        return print(VAULT, service, since, until);
    }

    private List<String> print(Vault vault, @Nullable String service, @Nullable String since, @Nullable String until)
            throws Exception {
        faults.clear();
        var out = new ByteArrayOutputStream();
        int unreadable = new KeptLogs(backups, null, vault, faults::add)
                .print(
                        service,
                        since == null ? null : Instant.parse(since),
                        until == null ? null : Instant.parse(until),
                        out);
        assertThat(unreadable == 0).isEqualTo(faults.isEmpty());
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private void givenLogsOfTwoServices() throws IOException {
        keep(
                file("api/2026-11-26T12Z_1_3f2a9c1b2d3e_0001.log.gz"),
                text("12:00:00.000000001Z stdout F of a release before").getBytes(StandardCharsets.UTF_8));
        sealed(
                "api/2026-11-26T13Z_1_3f2a9c1b2d3e_0002",
                "13:00:00.000000001Z stdout F one",
                "13:00:00.000000003Z stdout P three");
        sealed("api/2026-11-26T13Z_1_3f2a9c1b2d3e_0010", "13:30:00.000000000Z stdout F six");
        sealed("api/2026-11-26T13Z_1_3f2a9c1b2d3e_0009", "13:00:00.000000004Z stderr F four");
        sealed("api/2026-11-26T13Z_run1_aaaa9c1b2d3e_0001", "13:10:00.000000000Z stdout F five");
        keep(
                file("db/2026-11-26T13Z_1_bbbb9c1b2d3e_0001.log.zst"),
                text("13:00:00.000000002Z stdout F two").getBytes(StandardCharsets.UTF_8));
        sealed("db/2026-11-26T14Z_1_bbbb9c1b2d3e_0002", "14:00:00.000000000Z stderr F seven");
        Files.writeString(file("db/.2026-11-26T14Z_1_bbbb9c1b2d3e_0003.log.zst.age.partial"), "unfinished");
        Files.createDirectories(backups.resolve(".logs/freedom/.positions"));
    }

    @Test
    void printsAllInOrderOfTimeHoweverItIsPacked() throws Exception {
        givenLogsOfTwoServices();

        assertThat(print(null, null, null))
                .containsExactly(
                        "2026-11-26T12:00:00.000000001Z api-1 stdout F of a release before",
                        "2026-11-26T13:00:00.000000001Z api-1 stdout F one",
                        "2026-11-26T13:00:00.000000002Z db-1 stdout F two",
                        "2026-11-26T13:00:00.000000003Z api-1 stdout P three",
                        "2026-11-26T13:00:00.000000004Z api-1 stderr F four",
                        "2026-11-26T13:10:00.000000000Z api-run1 stdout F five",
                        "2026-11-26T13:30:00.000000000Z api-1 stdout F six",
                        "2026-11-26T14:00:00.000000000Z db-1 stderr F seven");
        assertThat(faults).isEmpty();
    }

    @Test
    void printsOneServiceAndTheTimeThatIsAskedFor() throws Exception {
        givenLogsOfTwoServices();

        assertThat(print("db", null, null)).hasSize(2).allMatch(line -> line.contains(" db-1 "));
        assertThat(print(null, "2026-11-26T13:00:00.000000003Z", "2026-11-26T13:10:00Z"))
                .extracting(line -> line.substring(line.lastIndexOf(' ') + 1))
                .containsExactly("three", "four", "five");
        assertThat(print(null, "2026-11-26T14:00:00Z", null)).hasSize(1);
        assertThat(print(null, null, "2026-11-26T12:59:59Z")).hasSize(1);
        assertThatThrownBy(() -> print("dbb", null, null))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("no logs of service dbb are kept")
                .hasMessageContaining("api, db");
    }

    @Test
    void keepsBytesThatAreNoTextAndLinesWithinAnEntry() throws Exception {
        var out = new ByteArrayOutputStream();
        out.write(text("13:00:00.000000001Z stdout F \r\0").getBytes(StandardCharsets.UTF_8), 0, 42);
        out.write(0xff);
        out.writeBytes("\nwithin\n".getBytes(StandardCharsets.UTF_8));
        out.writeBytes(
                text("13:00:00.000000002Z stdout F " + "x".repeat(200_000)).getBytes(StandardCharsets.UTF_8));
        keep(file("api/2026-11-26T13Z_1_3f2a9c1b2d3e_0001.log.zst.age"), out.toByteArray());
        var printed = new ByteArrayOutputStream();

        new KeptLogs(backups, "freedom", VAULT, faults::add).print(null, null, null, printed);

        assertThat(printed.toString(StandardCharsets.ISO_8859_1).split("\n"))
                .containsExactly(
                        "2026-11-26T13:00:00.000000001Z api-1 stdout F \r\0ÿ",
                        "2026-11-26T13:00:00.000000001Z api-1 within",
                        "2026-11-26T13:00:00.000000002Z api-1 stdout F " + "x".repeat(200_000));
    }

    @Test
    void namesWhatIsDamagedAndPrintsTheRest() throws Exception {
        givenLogsOfTwoServices();
        var random = new Random(1);
        var lines = new String[400];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = "13:40:%02d.%09dZ stdout F %016x".formatted(i / 10, i, random.nextLong()) + random.nextLong();
        }
        var long1 = keep(
                file("long/2026-11-26T13Z_1_cccc9c1b2d3e_0001.log.zst"),
                text(lines).getBytes(StandardCharsets.UTF_8));
        flip(long1, (int) Files.size(long1) - 1);
        var damaged = file("api/2026-11-26T13Z_1_3f2a9c1b2d3e_0002.log.zst.age");
        flip(damaged, (int) Files.size(damaged) - 1);
        var plain = file("api/2026-11-26T12Z_1_3f2a9c1b2d3e_0001.log.gz");
        Files.write(plain, Arrays.copyOf(Files.readAllBytes(plain), 30));

        var printed = print(null, null, null);

        assertThat(faults)
                .hasSize(3)
                .anySatisfy(fault -> assertThat(fault).startsWith(damaged + " was changed after it was written"))
                .anySatisfy(fault -> assertThat(fault).startsWith(plain + " was changed after it was written"))
                .anySatisfy(fault -> assertThat(fault).startsWith(long1 + " was changed after it was written"));
        assertThat(printed)
                .filteredOn(line -> !line.contains(" long-1 "))
                .extracting(line -> line.substring(line.lastIndexOf(' ') + 1))
                .containsExactly("two", "four", "five", "six", "seven");
    }

    private static void flip(Path file, int at) throws IOException {
        var bytes = Files.readAllBytes(file);
        bytes[at] ^= 4;
        Files.write(file, bytes);
    }

    @Test
    void saysOnceWhoseKeyIsMissingAndPrintsWhatNeedsNone() throws Exception {
        givenLogsOfTwoServices();
        var other = backups.resolve("other.key");
        BackupKeys.generate(other);

        assertThat(print(new Vault(other, true, List.of()), null, null, null)).hasSize(2);
        assertThat(faults)
                .satisfiesExactly(
                        fault -> assertThat(fault).contains("is encrypted for another key than those in " + other),
                        fault -> assertThat(fault).isEqualTo("4 more files cannot be read for want of a key"));

        assertThat(print(new Vault(backups.resolve("none"), true, List.of()), "api", null, null))
                .hasSize(1);
        assertThat(faults.getFirst()).contains("there is no key file " + backups.resolve("none"));
    }

    @Test
    void sayWhoseLogsThereAre() throws Exception {
        assertThatThrownBy(() -> print(null, null, null))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("no logs are kept in " + backups)
                .hasMessageContaining("backups.directory");
        givenLogsOfTwoServices();
        Files.createDirectories(backups.resolve(".logs/shop"));

        assertThatThrownBy(() -> print(null, null, null))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("name one by --platform: freedom, shop");
        assertThatThrownBy(() -> new KeptLogs(backups, "shopp", VAULT, faults::add))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("no logs of platform shopp")
                .hasMessageContaining("freedom, shop");
        new KeptLogs(backups, "freedom", VAULT, faults::add).print(null, null, null, OutputStream.nullOutputStream());
        assertThat(faults).isEmpty();
    }

    @Test
    void takesAMomentAsPeopleNameIt() {
        var now = Instant.parse("2026-11-26T13:30:00Z");
        assertThat(KeptLogs.moment("90m", now)).isEqualTo("2026-11-26T12:00:00Z");
        assertThat(KeptLogs.moment("7d", now)).isEqualTo("2026-11-19T13:30:00Z");
        assertThat(KeptLogs.moment("2026-11-26", now)).isEqualTo("2026-11-26T00:00:00Z");
        assertThat(KeptLogs.moment("2026-11-26T09Z", now)).isEqualTo("2026-11-26T09:00:00Z");
        assertThat(KeptLogs.moment("2026-11-26T09:11:06.5+01:00", now)).isEqualTo("2026-11-26T08:11:06.5Z");
        for (var none : List.of("yesterday", "2h30m", "2026-11-31", "")) {
            assertThatThrownBy(() -> KeptLogs.moment(none, now)).isInstanceOf(DateTimeException.class);
        }
    }

    /** As at three in the morning: one command, and what it ends with. */
    @Test
    void isACommandThatEndsWithOneWhereSomethingIsMissing() throws Exception {
        givenLogsOfTwoServices();
        var command = "logs " + backups + " --service api --since 2026-11-26T13Z --key-file=" + KEYS;

        var said = program(command).check();
        assertThat(said.stdout().lines())
                .hasSize(5)
                .first()
                .isEqualTo("2026-11-26T13:00:00.000000001Z api-1 stdout F one");

        flip(file("api/2026-11-26T13Z_1_3f2a9c1b2d3e_0009.log.zst.age"), 250);
        var failed = program(command).run();
        assertThat(failed.exitCode()).isEqualTo(1);
        assertThat(failed.stdout().lines()).hasSize(4);
        assertThat(failed.stderr()).contains("_0009.log.zst.age was changed after it was written");

        assertThat(program(command + " --until soon").run().exitCode()).isEqualTo(2);
        var err = new StringWriter();
        assertThat(BackupsProgram.commandLine()
                        .setErr(new PrintWriter(err, true))
                        .execute("logs", backups.resolve("none").toString()))
                .isEqualTo(1);
        assertThat(err.toString()).startsWith("rollback-backups: error: no logs are kept in ");
    }

    private Command program(String arguments) {
        var argv = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                BackupsProgram.class.getName()));
        argv.addAll(List.of(arguments.split(" ")));
        return Command.in(backups, argv);
    }
}
