package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.freedom.rollback.schemas.action.ConfigurationRecorded;
import io.freedom.rollback.schemas.action.RecordConfiguration;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of the configuration are recorded at a ref of their own. */
class RecordConfigurationTest {
    @TempDir
    Path temporary;

    private Platform platform;
    /** A minute later nothing that was read can have changed unnoticed. */
    private RecordConfigurationHandler worker = new RecordConfigurationHandler(
            Engine.NATIVE.trees(), () -> Instant.now().plus(Duration.ofMinutes(1)));

    @BeforeEach
    void build() throws Exception {
        platform = new Platform(temporary, Engine.NATIVE);
    }

    private ConfigurationRecorded record(String... paths) throws Exception {
        return record(action(paths), new RecordingStep("configuration-freedom-1"));
    }

    private ConfigurationRecorded record(RecordConfiguration action, StepContext step) throws Exception {
        return (ConfigurationRecorded) worker.execute(action, step).result();
    }

    private RecordConfiguration action(String... paths) {
        return new RecordConfiguration(platform.root.toString(), List.of(paths), false, 0L);
    }

    private List<String> tree() throws Exception {
        return platform.git("ls-tree", "-r", "--name-only", ConfigurationHistory.REF)
                .lines()
                .toList();
    }

    private long commits() throws Exception {
        return platform.git("rev-list", ConfigurationHistory.REF).lines().count();
    }

    /** Files, index, HEAD and every other ref, byte by byte. */
    private Map<String, String> everythingElse() throws Exception {
        var all = new TreeMap<>(platform.files());
        all.put("#index", Arrays.toString(Files.readAllBytes(platform.root.resolve(".git/index"))));
        all.put("#head", Files.readString(platform.root.resolve(".git/HEAD")));
        all.put("#config", Files.readString(platform.root.resolve(".git/config")));
        all.put("#refs", platform.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash"));
        return all;
    }

    @Test
    void recordsWhatChangedAndTouchesNothingElse() throws Exception {
        platform.makeDirty();
        platform.write("config/new.json", "{}\n");
        for (var hook : List.of("post-commit", "reference-transaction", "post-index-change")) {
            var script = platform.root.resolve(".git/hooks/" + hook);
            Files.createDirectories(script.getParent());
            Files.writeString(script, "#!/bin/sh\ntouch " + platform.root + "/hook-ran\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        var before = everythingElse();

        var first = record("Makefile", "config/", "services/kb");

        assertThat(first.getChanged()).containsExactly("Makefile", "config/new.json", "services/kb/main.py");
        assertThat(tree()).isEqualTo(first.getChanged());
        assertThat(platform.git("show", ConfigurationHistory.REF + ":Makefile")).isEqualTo("v2 staged, then edited\n");
        assertThat(record("Makefile", "config/", "services/kb").getCommit()).isEqualTo(first.getCommit());
        assertThat(commits()).isEqualTo(1);
        assertThat(everythingElse()).isEqualTo(before);
        assertThat(platform.has("hook-ran")).isFalse();

        platform.write("Makefile", "v3\n");
        platform.write("config/more.json", "[]\n");
        Files.delete(platform.root.resolve("config/new.json"));
        Files.setPosixFilePermissions(
                platform.root.resolve("services/kb/main.py"), PosixFilePermissions.fromString("rw-r--r--"));
        before = everythingElse();

        var second = record("Makefile", "config/", "services/kb");

        assertThat(platform.git("log", "-1", "--format=%an <%ae>%n%B", ConfigurationHistory.REF))
                .isEqualToIgnoringWhitespace("""
                        rollback <rollback@localhost>
                        Configuration: changed Makefile and services/kb/main.py, added config/more.json, removed config/new.json

                        changed Makefile
                        changed services/kb/main.py
                        added config/more.json
                        removed config/new.json
                        """);
        assertThat(platform.git("rev-parse", ConfigurationHistory.REF + "^").strip())
                .isEqualTo(first.getCommit());
        assertThat(platform.git("rev-parse", ConfigurationHistory.REF).strip()).isEqualTo(second.getCommit());
        assertThat(everythingElse()).isEqualTo(before);
    }

    @Test
    void recordsLinksAsLinksAndOddNames() throws Exception {
        Files.createSymbolicLink(platform.root.resolve("config/link"), Path.of("/nowhere/outside"));
        Files.createSymbolicLink(platform.root.resolve("linked"), Path.of("config"));
        platform.write("config/ a\tname\nwith 'quotes' and \"ümlaut\" 🦊", "odd\n");
        platform.write("config/-n", "dash\n");
        platform.write("config/nested/.git/HEAD", "ref: refs/heads/main\n");
        Command.in(platform.root, List.of("sh", "-c", "mkfifo config/pipe; printf x > config/$(printf '\\377')"))
                .check();

        var recorded = record("config", "linked/kb.json");

        assertThat(platform.git("ls-tree", "-r", "-z", "--name-only", ConfigurationHistory.REF)
                        .split("\0"))
                .containsExactly(
                        "config/ a\tname\nwith 'quotes' and \"ümlaut\" 🦊",
                        "config/-n",
                        "config/kb.json",
                        "config/link");
        assertThat(platform.git("ls-tree", ConfigurationHistory.REF, "config/link"))
                .startsWith("120000 ");
        assertThat(platform.git("show", ConfigurationHistory.REF + ":config/link"))
                .isEqualTo("/nowhere/outside");
        assertThat(recorded.getNotes())
                .containsExactly(
                        "config/nested/: it is another git repository",
                        "config/pipe: it is no file",
                        "config/\uFFFD: its name is not UTF-8",
                        "linked/kb.json: linked is a link: name what it leads to");
        assertThat(platform.git("log", "-1", "--format=%B", ConfigurationHistory.REF))
                .contains("added \"config/ a\\tname\\nwith \\047quotes\\047 and ");
    }

    @Test
    void recordsNoSecretsWithoutLeave() throws Exception {
        platform.write(".env", "KEY=1\n");
        platform.write("config/prod.env", "KEY=2\n");
        platform.write("config/tls.key", "key\n");
        platform.write("config/tracked.key", "in git anyway\n");
        platform.write("config/private", "0600\n");
        platform.write("config/sealed.yml", "in git through git-crypt\n");
        platform.git("add", "config/tracked.key", "config/sealed.yml");
        platform.write(".gitattributes", "config/sealed.yml filter=git-crypt\n");
        Files.setPosixFilePermissions(
                platform.root.resolve("config/private"), PosixFilePermissions.fromString("rw-------"));

        var recorded = record(".env", "config");

        assertThat(tree()).containsExactly("config/kb.json", "config/tracked.key");
        assertThat(recorded.getNotes())
                .containsExactly(
                        ".env: git ignores it",
                        "config/private: git does not track it, and not everybody may read it",
                        "config/prod.env: git does not track it, and it looks like a secret",
                        "config/sealed.yml: git keeps it through the filter git-crypt",
                        "config/tls.key: git does not track it, and it looks like a secret");
        var objects = platform.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)");
        assertThat(objects).doesNotContain(platform.git("hash-object", ".env").strip());

        var all = new RecordConfiguration(platform.root.toString(), List.of(".env", "config"), true, 0L);
        assertThat(record(all, new RecordingStep("r")).getNotes()).isEmpty();
        assertThat(tree()).hasSize(7).contains(".env", "config/private", "config/sealed.yml");
        assertThat(platform.git("show", ConfigurationHistory.REF + ":.env")).isEqualTo("KEY=1\n");

        assertThat(record(".env", "config").getNotes()).hasSize(5);
        assertThat(tree()).containsExactly("config/kb.json", "config/tracked.key");
    }

    @Test
    void readsAgainWhatChangesWhileItIsRead() throws Exception {
        // For it a change of a moment ago may not show.
        worker = new RecordConfigurationHandler(Engine.NATIVE.trees(), InstantSource.system());
        var recorded = record(action("config"), new RecordingStep("r") {
            @Override
            public void checkpoint() {
                if (++checkpoints == 1) {
                    write("written meanwhile\n");
                }
            }
        });
        assertThat(recorded.getFiles()).isEqualTo(1);
        assertThat(platform.git("show", ConfigurationHistory.REF + ":config/kb.json"))
                .isEqualTo("written meanwhile\n");
        assertThat(commits()).isEqualTo(1);

        var failure = catchThrowableOfType(
                StepFailure.class,
                () -> record(action("config"), new RecordingStep("r") {
                    @Override
                    public void checkpoint() {
                        write("number " + ++checkpoints + "\n");
                    }
                }));
        assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
        assertThat(failure.text()).contains("config/kb.json").contains("while they are read");
        assertThat(commits()).isEqualTo(1);
    }

    private void write(String content) {
        try {
            platform.write("config/kb.json", content);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void readsNothingWhereNothingChanged() throws Exception {
        record("config");
        // What is read is stored again.
        var blob = platform.git("rev-parse", ConfigurationHistory.REF + ":config/kb.json")
                .strip();
        var object = platform.root.resolve(".git/objects/" + blob.substring(0, 2) + "/" + blob.substring(2));
        Files.delete(object);

        assertThat(record("config").getFiles()).isEqualTo(1);
        assertThat(object).doesNotExist();

        platform.write("config/kb.json", "{ }\n");
        assertThat(record("config").getChanged()).containsExactly("config/kb.json");
        platform.write("config/kb.json", "{}\n");
        record("config");
        assertThat(object).exists();
    }

    @Test
    void waitsForAnotherProcessThatHoldsTheRef() throws Exception {
        record("config");
        platform.write("config/kb.json", "[]\n");
        var lock = platform.root.resolve(".git/" + ConfigurationHistory.REF + ".lock");
        Files.createFile(lock);

        assertRefused(
                FailureKind.UNAVAILABLE, action("config"), "another git process holds refs/rollback/configuration");
        assertThat(lock).exists();
        Files.delete(lock);
        assertThat(record("config").getChanged()).containsExactly("config/kb.json");
    }

    @Test
    void recordsWhatBecomesTracked() throws Exception {
        platform.write(".env", "KEY=1\n");
        assertThat(record(".env").getCommit()).isNull();
        platform.git("add", "--force", ".env");

        assertThat(record(".env").getChanged()).containsExactly(".env");
    }

    @Test
    void recordsInARepositoryWithoutACommit() throws Exception {
        platform.git("update-ref", "-d", "refs/heads/main");
        platform.git("rm", "--quiet", "--cached", "-r", ".");

        assertThat(record("config", "missing.yml").getChanged()).containsExactly("config/kb.json");
        assertThat(platform.git("rev-list", "--count", ConfigurationHistory.REF).strip())
                .isEqualTo("1");
    }

    @Test
    void saysWhatIsWrongWithTheRepositoryOrThePaths() throws Exception {
        assertRefused(FailureKind.INVALID, action("../other"), "does not name something below the work tree");
        assertRefused(FailureKind.INVALID, action("."), "does not name something below the work tree");
        assertRefused(FailureKind.INVALID, action(".git/config"), "does not name something below the work tree");
        assertRefused(FailureKind.INVALID, action(), "names no files of its configuration");
        platform.git("config", "core.bare", "true");
        assertRefused(FailureKind.PRECONDITION, action("config"), "is a bare repository without work tree");
        var nothing = new RecordConfiguration(temporary.resolve("none").toString(), List.of("config"), false, 0L);
        assertRefused(FailureKind.PRECONDITION, nothing, "there is no directory");
        var plain = new RecordConfiguration(temporary.toString(), List.of("live"), false, 0L);
        assertRefused(FailureKind.PRECONDITION, plain, "is not a git work tree");
    }

    private void assertRefused(FailureKind kind, RecordConfiguration action, String text) {
        var failure = catchThrowableOfType(StepFailure.class, () -> record(action, new RecordingStep("r")));
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.text()).contains(text);
    }

    @Test
    void staysThroughARollbackAndBack() throws Exception {
        record("Makefile");
        platform.makeDirty();
        platform.preserve();
        platform.checkOut();
        assertThat(record("Makefile").getChanged()).containsExactly("Makefile");
        platform.goBack();
        record("Makefile");

        assertThat(platform.git("log", "--format=%s", ConfigurationHistory.REF).lines())
                .containsExactly(
                        "Configuration: changed Makefile",
                        "Configuration: changed Makefile",
                        "Configuration: added Makefile");
        assertThat(platform.git("show", ConfigurationHistory.REF + ":Makefile")).isEqualTo("v2 staged, then edited\n");
        var named = catchThrowableOfType(
                StepFailure.class,
                () -> platform.run(platform.preserveAction(), new RecordingStep(ConfigurationHistory.NAME)));
        assertThat(named.kind()).isEqualTo(FailureKind.INVALID);
    }

    @Test
    void losesNothingToAGarbageCollectionAtTheSameTime() throws Exception {
        var over = new AtomicBoolean();
        var collecting = CompletableFuture.runAsync(() -> {
            try {
                while (!over.get()) {
                    platform.git("gc", "--quiet");
                }
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        for (int change = 0; change < 30; change++) {
            platform.write("config/kb.json", "change " + change + "\n");
            assertThat(record("config").getChanged()).containsExactly("config/kb.json");
        }
        over.set(true);
        collecting.join();
        platform.git("reflog", "expire", "--expire=now", "--all");
        platform.git("gc", "--quiet", "--prune=now");

        platform.git("fsck", "--strict");
        assertThat(commits()).isEqualTo(30);
        assertThat(platform.git("show", ConfigurationHistory.REF + "~29:config/kb.json"))
                .isEqualTo("change 0\n");
    }

    private RecordConfiguration followed(Duration time, String... paths) {
        return new RecordConfiguration(platform.root.toString(), List.of(paths), false, time.toMillis());
    }

    private void awaitRecorded(String path, String content) {
        await(path + " is recorded as it is now")
                .until(() -> tree().contains(path)
                        && platform.git("show", ConfigurationHistory.REF + ":" + path)
                                .equals(content));
    }

    @Test
    void recordsWhatChangesBetweenTwoLooks() throws Exception {
        var watch = worker.watch();
        var all = new String[] {"Makefile", "config", "later/settings.json"};
        var look = followed(Duration.ofHours(1), all);
        var step = new RecordingStep("configuration-freedom-1");
        assertThat(record(look, step).getNotes()).isEmpty();
        var before = Files.readString(platform.root.resolve("Makefile"));

        platform.write("Makefile", "for a moment\n");
        awaitRecorded("Makefile", "for a moment\n");
        platform.write("Makefile", before);
        awaitRecorded("Makefile", before);

        // Folders made since the look, and files that an editor puts in another's place.
        platform.write("config/sites/berlin/new.json", "{}\n");
        awaitRecorded("config/sites/berlin/new.json", "{}\n");
        platform.write("config/sites/berlin/new.json~", "[]\n");
        Files.move(
                platform.root.resolve("config/sites/berlin/new.json~"),
                platform.root.resolve("config/sites/berlin/new.json"),
                StandardCopyOption.REPLACE_EXISTING);
        awaitRecorded("config/sites/berlin/new.json", "[]\n");
        platform.write("later/settings.json", "1\n");
        awaitRecorded("later/settings.json", "1\n");
        Files.delete(platform.root.resolve("Makefile"));
        await("it is recorded as removed").until(() -> !tree().contains("Makefile"));

        assertThat(record(look, step).getChanged()).as("by the next look").isEmpty();
        assertThat(watch.isFollowed(platform.root)).isTrue();
        record(followed(Duration.ofMillis(-1), all), step);
        assertThat(watch.isFollowed(platform.root)).isFalse();
        platform.write("Makefile", "nobody is told\n");
        assertThat(record(followed(Duration.ZERO, all), step).getChanged())
                .as("by this look, and not before")
                .containsExactly("Makefile");
    }

    /** As one that is cut off from the orchestrator. */
    @Test
    void aWorkerThatHearsNothingRecordsNothingAnyMore() throws Exception {
        var now = new AtomicLong();
        var recorded = new AtomicInteger();
        var watch = new ConfigurationWatch(_ -> recorded.incrementAndGet(), now::get);
        var root = platform.root.toRealPath();
        assertThat(watch.follow(root, followed(Duration.ofMinutes(1), "config")))
                .isEmpty();
        assertThat(watch.isFollowed(root)).isTrue();

        now.set(Duration.ofMinutes(1).toNanos());
        platform.write("config/late.json", "{}\n");

        await().until(() -> !watch.isFollowed(root));
        assertThat(recorded).hasValue(0);
    }

    @Test
    void whatNeverRestsIsRecordedLessAndLessOften() {
        var pause = ConfigurationWatch.pause(Duration.ofSeconds(5), null);
        assertThat(pause).isEqualTo(Duration.ofMillis(200));
        for (int times = 0; times < 20; times++) {
            pause = ConfigurationWatch.pause(pause, pause);
        }
        assertThat(pause).isEqualTo(Duration.ofMinutes(1));
        assertThat(ConfigurationWatch.pause(pause, Duration.ofMinutes(3))).isEqualTo(Duration.ofMillis(200));
    }
}
