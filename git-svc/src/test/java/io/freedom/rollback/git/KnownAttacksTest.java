package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.freedom.rollback.schemas.action.FilesSetAside;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.StepFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectInserter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** By who can write into the work tree or push to the repository, against the worker that runs there with more rights. */
@ParameterizedClass
@EnumSource(Engine.class)
class KnownAttacksTest {
    private static final String LFS = "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n";

    @Parameter
    Engine engine;

    @TempDir
    Path temporary;

    private Platform platform;
    private Path outside;
    private Path ran;

    @BeforeEach
    void build() throws Exception {
        platform = new Platform(temporary, engine);
        outside = Files.createDirectory(temporary.resolve("outside"));
        ran = temporary.resolve("ran");
    }

    @Test
    void runsNoProgramThatTheRepositorysOwnConfigurationNames() throws Exception {
        var clean = "clean = touch " + ran + "\n";
        platform.write(".git/more", "[filter \"evil\"]\n" + clean);
        platform.write("more", "[include]\n\tpath = .git/more\n");
        platform.write(".git/info/attributes", "* filter=evil\n");
        var home = Path.of(System.getProperty("user.home"));
        var attacks = new TreeMap<String, String>();
        attacks.put("[filter \"evil\"]\n" + clean, "filter.evil.clean");
        attacks.put("[filter \"evil\"] smudge = touch " + ran, "filter.evil.smudge");
        attacks.put("[filter \"evil\"]\nprocess = touch " + ran, "filter.evil.process");
        attacks.put("[FILTER \"Evil\"]\nCLEAN = touch " + ran, "filter.evil.clean");
        attacks.put("[filter.evil]\n" + clean, "filter.evil.clean");
        attacks.put("[filter \"a.b\\\"c\"]\n" + clean, "filter.a.b\"c.clean");
        attacks.put("[filter \"evil\"]\nclean = git-lfs clean -- %f && touch " + ran, "filter.evil.clean");
        attacks.put("[filter \"evil\"]\nclean = \\\n touch " + ran, "filter.evil.clean");
        attacks.put("[core][filter \"evil\"]clean=touch " + ran, "filter.evil.clean");
        attacks.put("[core] x = 1\n [filter \"e]vil\"]\tclean = touch " + ran, "filter.e]vil.clean");
        attacks.put("[include] path = more", "/.git/more");
        attacks.put("[include]\npath = more", "/.git/more");
        attacks.put("[include]\npath = ../more", "/.git/more");
        attacks.put("[include]\npath = ~/" + home.relativize(platform.root.resolve("more")), "/.git/more");
        attacks.put("[includeIf \"onbranch:no-such\"]\npath = ../more", "/.git/more");
        attacks.put("[include]\npath = ~root/more", "absolute path");
        attacks.put("[hook \"evil\"]\nevent = post-index-change\ncommand = touch " + ran, "hook.evil.command");
        attacks.put(LFS + "[core]\nsshCommand = touch " + ran, "core.sshcommand");
        attacks.put(LFS + "[credential \"https://x\"]\nhelper = !touch " + ran, "credential.https://x.helper");
        attacks.put(LFS + "[lfs \"extension.x\"]\n" + clean, "lfs.extension.x.clean");
        attacks.put(LFS + "[lfs \"customtransfer.x\"]\npath = " + ran, "lfs.customtransfer.x.path");
        var honest = platform.read(".git/config");

        var passed = new TreeMap<String, String>();
        for (var attack : attacks.entrySet()) {
            platform.write(".git/config", honest + attack.getKey() + "\n");
            platform.write("Makefile", attack.getKey());
            var said = refusal();
            if (!said.contains(attack.getValue()) || said.contains("touch") || Files.exists(ran)) {
                passed.put(attack.getKey(), said);
            }
        }
        assertThat(passed).isEmpty();
        platform.write(".git/config", honest + "[extensions]\nworktreeConfig = true\n");
        platform.write(".git/config.worktree", "[filter \"evil\"]\n" + clean);
        assertThat(refusal()).contains("filter.evil.clean in ", "config.worktree");
        assertThat(ran).doesNotExist();
    }

    private String refusal() {
        var failure = catchThrowableOfType(StepFailure.class, () -> platform.preserve());
        return failure != null && failure.kind() == FailureKind.PRECONDITION
                ? failure.text()
                : "not refused: " + failure;
    }

    @Test
    void letsPassWhatGitLfsAndGitCryptWriteAndWhatNothingHereRuns() throws Exception {
        var honest = platform.read(".git/config");
        for (var harmless : List.of(
                LFS + "smudge = git-lfs smudge -- %f\nprocess = git-lfs filter-process\nrequired = true\n",
                "[filter \"git-crypt\"]\nsmudge = \\\"git-crypt\\\" smudge\nclean = \\\"git-crypt\\\" clean --key-name=ops\n",
                "[filter \"none\"]\nclean =\n",
                "[core]\nsshCommand = ssh -i ~/.ssh/deploy\neditor = vi\n[diff \"x\"]\ncommand = x\n[alias]\nst = !status\n",
                "[include]\npath = not-there\n")) {
            platform.write(".git/config", honest + harmless);
            try (var repository = GitRepository.open(platform.root.toString())) {
                assertThat(repository.head()).as(harmless).isNotNull();
            }
        }
    }

    @Test
    void fetchesNothingThroughAProgramThatTheRepositoryNames() throws Exception {
        assumeThat(engine).as("JGit fetches nothing by itself").isEqualTo(Engine.NATIVE);
        platform.git("config", "core.repositoryFormatVersion", "1");
        platform.git("config", "extensions.partialClone", "evil");
        platform.git("config", "remote.evil.promisor", "true");
        platform.git("config", "remote.evil.url", outside.toString());
        platform.git("config", "remote.evil.uploadpack", "touch " + ran + ";");
        var missing = "1234567890123456789012345678901234567890";
        try (var repository = GitRepository.open(platform.root.toString())) {
            var git = new NativeGit(repository, repository.indexFile());
            assertThat(git.command(List.of("cat-file", "-p", missing)).run().succeeded())
                    .isFalse();
        }
        assertThat(ran).doesNotExist();
        Command.in(platform.root, List.of("git", "cat-file", "-p", missing)).run();
        assertThat(ran).as("as git does by itself").exists();
    }

    @Test
    void checksOutNoTreeThatLeadsOutOfItself() throws Exception {
        var trees = new TreeMap<String, ObjectId>();
        try (var repository = GitRepository.open(platform.root.toString())) {
            try (var inserter = repository.jgit().newObjectInserter()) {
                var file = inserter.insert(Constants.OBJ_BLOB, "owned".getBytes(StandardCharsets.UTF_8));
                var folder = tree(inserter, Map.of("evil", file), FileMode.REGULAR_FILE);
                for (var name : List.of("..", ".git", ".GIT", ".gIt", ".", "a/b", "../outside", "/evil")) {
                    trees.put(name + "/evil", tree(inserter, Map.of(name, folder), FileMode.TREE));
                    trees.put(name, tree(inserter, Map.of(name, file), FileMode.REGULAR_FILE));
                }
                inserter.flush();
            }
            trees.replaceAll((_, tree) -> commit(repository, tree));
        }
        platform.preserve();
        var before = platform.files();
        for (var tree : trees.entrySet()) {
            platform.git(
                    "update-ref", "refs/tags/" + Platform.TAG, tree.getValue().name());
            assertThatThrownBy(() -> platform.checkOut()).as(tree.getKey()).isInstanceOf(StepFailure.class);
            assertThat(platform.has(".git/evil")).as(tree.getKey()).isFalse();
            assertThat(platform.root.resolveSibling("evil")).as(tree.getKey()).doesNotExist();
        }
        assertThat(platform.git("rev-parse", "--is-inside-work-tree")).isEqualTo("true\n");
        assertThat(platform.files()).isEqualTo(before);
        assertThat(outside).isEmptyDirectory();
    }

    private static ObjectId commit(GitRepository repository, ObjectId tree) {
        try {
            return repository.store(tree, "evil");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Written by hand: no git makes it. */
    private static ObjectId tree(ObjectInserter inserter, Map<String, ObjectId> entries, FileMode mode)
            throws Exception {
        var bytes = new ByteArrayOutputStream();
        for (var entry : entries.entrySet()) {
            mode.copyTo(bytes);
            bytes.write((" " + entry.getKey() + "\0").getBytes(StandardCharsets.UTF_8));
            entry.getValue().copyRawTo(bytes);
        }
        return inserter.insert(Constants.OBJ_TREE, bytes.toByteArray());
    }

    @Test
    void setsNothingAsideThroughALink() throws Exception {
        Files.writeString(outside.resolve("run.log"), "theirs\n");
        Files.createSymbolicLink(platform.root.resolve("linked"), outside);
        platform.write("logs/api.log", "log\n");
        try (var repository = GitRepository.open(platform.root.toString())) {
            var aside = SetAside.of(repository, "r-1");
            aside.note(List.of("linked/run.log", "logs/api.log"));

            assertThat(aside.moveAway("linked/run.log")).isFalse();
            assertThat(outside.resolve("run.log")).hasContent("theirs\n");

            Files.createDirectories(aside.files());
            Files.createSymbolicLink(aside.files().resolve("logs"), outside);
            assertThat(aside.moveAway("logs/api.log")).as("would land outside").isFalse();
            assertThat(outside.resolve("api.log")).doesNotExist();
            assertThat(aside.isAway("logs/run.log")).as("is theirs").isFalse();

            Files.createSymbolicLink(aside.folder().resolve("done"), outside.resolve("run.log"));
            assertThatThrownBy(aside::markDone).isInstanceOf(IOException.class);
            assertThat(outside.resolve("run.log")).hasContent("theirs\n");
        }
    }

    @Test
    void bringsNothingBackThroughALinkAndSaysWhatStays() throws Exception {
        platform.write("logs/deep/run.log", "log\n");
        platform.write("logs/kept/models.txt", "stays\n");
        platform.write(".git/info/exclude", "logs/\n");
        platform.preserve();
        platform.checkOut();
        var aside = (FilesSetAside)
                platform.run(platform.setAsideAction("logs/kept")).result();
        assertThat(aside.getMoved()).isEqualTo(1);
        Files.move(platform.root.resolve("logs"), temporary.resolve("logs"));
        Files.createSymbolicLink(platform.root.resolve("logs"), outside);

        var back = platform.run(platform.bringBackAction());

        assertThat(back.detail()).contains("STILL in " + aside.getDirectory()).contains("logs/deep");
        assertThat(outside).isEmptyDirectory();
        assertThat(Path.of(aside.getDirectory()).resolve("logs/deep/run.log")).hasContent("log\n");
    }

    @Test
    void readsNoListThatLeadsOut() throws Exception {
        platform.write("run.log", "log\n");
        platform.preserve();
        platform.checkOut();
        platform.run(platform.setAsideAction());
        for (var entry : List.of("../../../outside/x", "/etc/x", "a/../../x", "..", "a/./b")) {
            Files.writeString(platform.root.resolve(".git/rollback-set-aside/r-1/entries"), "run.log\0" + entry);
            assertThatThrownBy(() -> platform.run(platform.bringBackAction()))
                    .as(entry)
                    .isInstanceOf(StepFailure.class)
                    .hasMessageContaining("names a file outside of the work tree: " + entry);
        }
        Files.move(platform.root.resolve(".git/rollback-set-aside"), outside.resolve("moved"));
        Files.createSymbolicLink(platform.root.resolve(".git/rollback-set-aside"), outside.resolve("moved"));
        assertThatThrownBy(() -> platform.run(platform.bringBackAction()))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("rollback-set-aside is no folder");
    }

    @Test
    void saysWhichIgnoredFilesStayForTheirNames() throws Exception {
        platform.preserve();
        platform.checkOut();
        Command.in(platform.root, List.of("sh", "-c", "printf x > $(printf 'bad\\377.log')"))
                .check();

        var aside = platform.run(platform.setAsideAction());

        assertThat(((FilesSetAside) aside.result()).getLeft()).containsExactly("bad\uFFFD.log");
        assertThat(aside.detail()).contains("names are not UTF-8: bad\uFFFD.log");
    }

    @Test
    void recordsOfAFileThatWasReplacedNeitherWhereItLeadsNorWithoutEnd() throws Exception {
        var secret = Files.writeString(outside.resolve("secret"), "secret\n");
        var link = Files.createSymbolicLink(platform.root.resolve("link"), secret);
        assertThatThrownBy(() -> ConfigurationReading.bytes(link)).isInstanceOf(IOException.class);
        assertThat(ConfigurationReading.bytes(Path.of("/dev/zero"))).hasSize((16 << 20) + 1);
    }
}
