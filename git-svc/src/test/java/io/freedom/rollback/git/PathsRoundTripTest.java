package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.freedom.rollback.schemas.action.PathsCheckedOut;
import io.freedom.rollback.schemas.action.TargetVerified;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Engine.class)
class PathsRoundTripTest {
    @Parameter
    Engine engine;

    @TempDir
    Path temporary;

    private Platform platform;

    @BeforeEach
    void build() throws Exception {
        platform = new Platform(temporary, engine);
    }

    @Test
    void takesOneServiceToTheTagAndBackWhileAllAroundItStays() throws Exception {
        platform.makeDirty();
        makeServiceDirty();
        var before = platform.state();
        platform.preserve();
        var began = Instant.now();

        var taken = platform.checkOutPaths("services/api/");

        assertThat(platform.read("services/api/main.py")).isEqualTo("print(1)\n");
        assertThat(platform.read("services/api/old.py")).isEqualTo("only at the tag\n");
        assertThat(platform.has("services/api/staged.py")).isFalse();
        assertThat(platform.has("services/api/notes")).isFalse();
        assertThat(platform.read("services/api/run.log")).isEqualTo("ignored\n");
        assertThat(platform.git("diff", "--cached", Platform.TAG, "--", "services/api"))
                .isEmpty();
        assertThat(platform.git("diff", "--", "services/api")).isEmpty();
        assertThat(around(platform.state(), "services/api")).isEqualTo(around(before, "services/api"));
        assertThat(platform.git("symbolic-ref", "HEAD").strip()).isEqualTo("refs/heads/main");
        assertThat(taken.getCommit())
                .isEqualTo(platform.git("rev-parse", Platform.TAG + "^{commit}").strip());
        assertThat(taken.getChanged())
                .containsExactly(
                        "services/api/main.py",
                        "services/api/notes/untracked.txt",
                        "services/api/old.py",
                        "services/api/staged.py");
        assertThat(taken.getAt()).isAfterOrEqualTo(began.minusMillis(1));

        var returned = platform.returnPaths("services/api/");

        assertThat(platform.state()).isEqualTo(before);
        assertThat(returned.getFiles()).isEqualTo(4);
        assertThat(displaced()).isEmpty();
    }

    private void makeServiceDirty() throws Exception {
        platform.write("services/api/staged.py", "staged\n");
        platform.git("add", "services/api/staged.py");
        platform.write("services/api/staged.py", "staged, then edited\n");
        platform.write("services/api/notes/untracked.txt", "untracked\n");
        Files.setPosixFilePermissions(
                platform.root.resolve("services/api/notes/untracked.txt"),
                PosixFilePermissions.fromString("rw-------"));
        platform.write("services/api/run.log", "ignored\n");
    }

    /** Files and index but those of one folder. */
    private static Map<String, String> around(Map<String, String> state, String folder) {
        var rest = new TreeMap<>(state);
        rest.remove("#status");
        rest.put(
                "#index",
                String.join("\n", state.get("#index").split("\0")).replaceAll("(?m)^.*\t" + folder + "/.*$\n?", ""));
        rest.keySet().removeIf(path -> path.startsWith(folder + "/"));
        return rest;
    }

    @Test
    void takesFilesAndFoldersThatAreStagedDeletedOrNotInTheTagAtAll() throws Exception {
        platform.makeDirty();
        var before = platform.state();
        platform.preserve();

        var taken = platform.checkOutPaths("./Makefile", "config", "services//kb", "notes/incident.txt");

        assertThat(platform.read("Makefile")).isEqualTo("v1\n");
        assertThat(platform.read("config/kb.json")).isEqualTo("{}\n");
        assertThat(platform.has("services/kb")).isFalse();
        assertThat(platform.has("notes")).isFalse();
        assertThat(platform.read("services/api/main.py")).isEqualTo("print('hotfix')\n");
        assertThat(platform.has("services/new/staged.py")).isTrue();
        assertThat(taken.getChanged())
                .containsExactly("Makefile", "config/kb.json", "notes/incident.txt", "services/kb/main.py");

        platform.returnPaths("./Makefile", "config", "services//kb", "notes/incident.txt");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void takesWhatGitWouldReadAsAPatternForAName() throws Exception {
        platform.write("*", "a star\n");
        platform.write(":(top)services", "magic\n");
        var before = platform.state();
        platform.preserve();

        assertThat(platform.checkOutPaths("*", ":(top)services").getChanged()).containsExactly("*", ":(top)services");

        assertThat(platform.has("*")).isFalse();
        assertThat(platform.read("Makefile")).isEqualTo("v2\n");
        assertThat(platform.read("services/api/main.py")).isEqualTo("print(2)\n");
        platform.returnPaths("*", ":(top)services");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void takesPathsFromTheCommitThatWasVerifiedThoughTheTagWasMovedSince() throws Exception {
        var verified = (TargetVerified) platform.verifyTarget(Platform.TAG).result();
        platform.git("tag", "--force", Platform.TAG, "main");
        platform.preserve();

        var taken = (PathsCheckedOut)
                platform.run(platform.checkOutPathsAction("services/api"), new RecordingStep("r-1").given(verified))
                        .result();

        assertThat(taken.getCommit()).isEqualTo(verified.getCommit());
        assertThat(platform.read("services/api/main.py")).isEqualTo("print(1)\n");
    }

    @Test
    void leavesAloneWhatOthersChangeAroundTheService() throws Exception {
        platform.makeDirty();
        platform.preserve();
        platform.write("config/kb.json", "written before the checkout\n");
        platform.checkOutPaths("services/api");
        platform.write("notes/incident.txt", "written after it\n");
        platform.git("add", "notes/incident.txt");
        platform.write("report.txt", "new\n");
        var meanwhile = platform.state();

        platform.returnPaths("services/api");

        assertThat(around(platform.state(), "services/api")).isEqualTo(around(meanwhile, "services/api"));
        assertThat(platform.read("services/api/main.py")).isEqualTo("print('hotfix')\n");
        assertThat(displaced()).isEmpty();
    }

    @Test
    void bringsBackIgnoredFilesThatTheTagHadWrittenOver() throws Exception {
        platform.git("checkout", "--quiet", "--detach", Platform.TAG);
        platform.write("services/api/.env", "tracked at the tag\n");
        platform.write("models", "a file at the tag\n");
        platform.git("add", "--force", "services/api/.env", "models");
        platform.git("commit", "--quiet", "--message=Track what later is ignored");
        platform.git("tag", "--force", Platform.TAG);
        platform.git("checkout", "--quiet", "main");
        platform.write("services/api/.env", "KEY=secret\n");
        Files.setPosixFilePermissions(
                platform.root.resolve("services/api/.env"), PosixFilePermissions.fromString("rw-------"));
        platform.write("models/big.bin", "weights\n");
        var before = platform.state();
        platform.preserve();

        platform.checkOutPaths("services/api", "models");
        assertThat(platform.read("services/api/.env")).isEqualTo("tracked at the tag\n");
        assertThat(platform.read("models")).isEqualTo("a file at the tag\n");

        platform.returnPaths("services/api", "models");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void returnsFromFilesThatBecameFoldersAndLinksThatLeadOutside() throws Exception {
        var outside = Files.createDirectories(temporary.resolve("outside"));
        Files.writeString(outside.resolve("kb.json"), "not ours\n");
        Files.delete(platform.root.resolve("config/kb.json"));
        Files.delete(platform.root.resolve("config"));
        Files.createSymbolicLink(platform.root.resolve("config"), outside);
        Files.delete(platform.root.resolve("Makefile"));
        platform.write("Makefile/sub/file", "a directory now\n");
        platform.write("Makefile/sub/ignored.log", "in the way\n");
        Files.delete(platform.root.resolve("services/api/main.py"));
        Files.delete(platform.root.resolve("services/api"));
        platform.write("services/api", "a file now\n");
        platform.git("add", "services");
        var before = platform.state();
        platform.preserve();

        platform.checkOutPaths("config", "Makefile", "services/api");
        assertThat(platform.read("Makefile")).isEqualTo("v1\n");
        assertThat(platform.read("config/kb.json")).isEqualTo("{}\n");
        assertThat(platform.read("services/api/main.py")).isEqualTo("print(1)\n");
        assertThat(platform.git(
                        "diff", "--cached", "--name-only", Platform.TAG, "--", "config", "Makefile", "services/api"))
                .isEmpty();

        platform.returnPaths("config", "Makefile", "services/api");
        assertThat(platform.state()).isEqualTo(before);
        assertThat(Files.readString(outside.resolve("kb.json"))).isEqualTo("not ours\n");
    }

    @Test
    void bringsBackPermissionsThatGitDoesNotKeep() throws Exception {
        Files.setPosixFilePermissions(
                platform.root.resolve("services/api/main.py"), PosixFilePermissions.fromString("rw-------"));
        var before = platform.state();
        platform.preserve();
        platform.checkOutPaths("services");
        platform.returnPaths("services");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void leavesNestedRepositoriesWhereTheyAre() throws Exception {
        platform.git("init", "--quiet", "services/api/vendor");
        platform.write("services/api/vendor/code", "1\n");
        var before = platform.state();
        platform.preserve();
        platform.checkOutPaths("services/api");
        assertThat(platform.read("services/api/vendor/code")).isEqualTo("1\n");
        platform.returnPaths("services/api");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void keepsWhatTheServiceWroteMeanwhileAndSaysWhere() throws Exception {
        platform.makeDirty();
        var before = platform.state();
        platform.preserve();
        platform.checkOutPaths("services/api");
        platform.write("services/api/main.py", "edited at the tag\n");
        platform.write("services/api/report.txt", "written meanwhile\n");
        platform.write("services/api/run.log", "ignored\n");

        var detail = platform.run(platform.returnPathsAction("services/api")).detail();

        assertThat(platform.read("services/api/run.log")).isEqualTo("ignored\n");
        Files.delete(platform.root.resolve("services/api/run.log"));
        assertThat(platform.state()).isEqualTo(before);
        var kept = new StringBuilder();
        for (var ref : displaced().lines().toList()) {
            assertThat(detail).contains(ref);
            // Against what was preserved, an operator sees just what came meanwhile.
            kept.append(platform.git("diff", "refs/rollback/r-1", ref));
        }
        assertThat(kept)
                .contains("+edited at the tag\n", "+written meanwhile\n")
                .doesNotContain("Makefile", ".env", "run.log");
    }

    @Test
    void takesSeveralServicesInStepsOfTheirOwnAndReturnsOneByOne() throws Exception {
        platform.makeDirty();
        var before = platform.state();
        platform.preserve();
        platform.checkOutPaths("services/api", "config");
        platform.checkOutPaths("services/kb", "config");
        platform.checkOutPaths("services");
        assertThat(platform.has("services/kb")).isFalse();
        assertThat(platform.has("services/new")).isFalse();

        platform.returnPaths("services");
        platform.returnPaths("services/kb", "config");
        platform.returnPaths("services/api", "config");

        assertThat(platform.state()).isEqualTo(before);
        assertThat(displaced()).isEmpty();
    }

    @Test
    void keepsEditsInAFolderThatTwoStepsTake() throws Exception {
        platform.preserve();
        platform.checkOutPaths("services/api", "Makefile");
        platform.write("Makefile", "edited between the steps\n");
        var detail = platform.run(platform.checkOutPathsAction("services/kb", "Makefile"))
                .detail();
        assertThat(platform.read("Makefile")).isEqualTo("v1\n");
        assertThat(detail).contains(displaced().strip());
        assertThat(platform.git("show", displaced().strip() + ":Makefile")).isEqualTo("edited between the steps\n");
    }

    @Test
    void keepsFlagsOfTheIndexInAndAroundTheService() throws Exception {
        assumeThat(engine).as("JGit cannot restore flags, and says so").isEqualTo(Engine.NATIVE);
        platform.write("services/api/second.py", "2\n");
        platform.commit("Add a second file");
        platform.git("update-index", "--assume-unchanged", "Makefile", "services/api/main.py");
        platform.git("update-index", "--skip-worktree", "services/kb/main.py", "services/api/second.py");
        platform.write("Makefile", "hidden change\n");
        platform.write("services/api/main.py", "hidden change\n");
        platform.write("services/api/second.py", "hidden change\n");
        platform.write("services/api/planned.py", "intended\n");
        platform.write("planned.py", "intended\n");
        platform.git("add", "--intent-to-add", "planned.py", "services/api/planned.py");
        var before = platform.state();
        platform.preserve();

        platform.checkOutPaths("services/api");

        assertThat(platform.read("services/api/main.py")).isEqualTo("print(1)\n");
        assertThat(platform.has("services/api/planned.py")).isFalse();
        assertThat(around(platform.state(), "services/api")).isEqualTo(around(before, "services/api"));
        platform.returnPaths("services/api");
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void runsNoHooksAndLeavesNoPrivateFiles() throws Exception {
        for (var name : new String[] {"post-checkout", "post-index-change", "reference-transaction"}) {
            var hook = platform.root.resolve(".git/hooks").resolve(name);
            Files.createDirectories(hook.getParent());
            Files.writeString(hook, "#!/bin/sh\ntouch '" + temporary.resolve("hook-ran") + "'\nexit 1\n");
            Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        platform.preserve();
        platform.checkOutPaths("services/api");
        platform.returnPaths("services/api");
        assertThat(temporary.resolve("hook-ran")).doesNotExist();
        try (var files = Files.list(platform.root.resolve(".git"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.endsWith(".index") || name.endsWith("index.lock"));
        }
    }

    private String displaced() throws Exception {
        return platform.git("for-each-ref", "--format=%(refname)", "refs/rollback-displaced");
    }
}
