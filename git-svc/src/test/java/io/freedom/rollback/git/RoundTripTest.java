package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.freedom.rollback.schemas.action.ChangesPreserved;
import io.freedom.rollback.schemas.action.ReturnedToPrevious;
import io.freedom.rollback.schemas.action.TargetCheckedOut;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Probe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Engine.class)
class RoundTripTest {
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
    void preservesWithoutTouchingIndexOrFiles() throws Exception {
        platform.makeDirty();
        var index = Files.readAllBytes(platform.root.resolve(".git/index"));
        var before = platform.state();

        var kept = (ChangesPreserved) platform.preserve().result();

        assertThat(Files.readAllBytes(platform.root.resolve(".git/index"))).isEqualTo(index);
        assertThat(platform.state()).isEqualTo(before);
        assertThat(kept.getRef()).isEqualTo("refs/rollback/r-1");
        assertThat(platform.git("rev-parse", kept.getRef()).strip()).isEqualTo(kept.getCommit());
        assertThat(kept.getPaths()).isEqualTo(11);
    }

    @Test
    void writesAPatchThatMakesTheSameFilesOfHead() throws Exception {
        platform.makeDirty();

        var kept = (ChangesPreserved) platform.preserve().result();

        assertThat(Files.size(Path.of(kept.getPatchFile()))).isEqualTo(kept.getPatchBytes());
        assertThat(Files.getPosixFilePermissions(Path.of(kept.getPatchFile())))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        platform.git("worktree", "add", "--quiet", "--detach", platform.beside.toString(), "main");
        platform.git("-C", platform.beside.toString(), "apply", "--index", "--binary", kept.getPatchFile());
        assertThat(platform.git("-C", platform.beside.toString(), "write-tree").strip())
                .isEqualTo(platform.git("rev-parse", kept.getRef() + "^{tree}").strip());
    }

    @Test
    void returnsToExactlyTheStateBeforeTheCheckout() throws Exception {
        platform.makeDirty();
        var before = platform.state();
        platform.preserve();

        platform.checkOut();

        assertThat(platform.git("status", "--porcelain", "--untracked-files=no"))
                .isEmpty();
        assertThat(platform.git("rev-parse", "HEAD")).isEqualTo(platform.git("rev-parse", Platform.TAG + "^{commit}"));
        assertThat(platform.read("Makefile")).isEqualTo("v1\n");
        assertThat(platform.has("services/api/old.py")).isTrue();
        assertThat(platform.has("notes")).isFalse();
        assertThat(platform.has("outside")).isFalse();
        assertThat(platform.has("services/new")).isFalse();
        assertThat(platform.read("models/big.bin")).isEqualTo("weights\n");
        platform.verify("Makefile", "services/api/");

        var returned = (ReturnedToPrevious) platform.goBack().result();

        assertThat(platform.state()).isEqualTo(before);
        assertThat(returned.getBranch()).isEqualTo("main");
        assertThat(returned.getDirtyPaths()).isEqualTo(11);
    }

    @Test
    void tellsWhereTheCheckoutChangedFiles() throws Exception {
        platform.makeDirty();
        platform.preserve();

        var changed = ((TargetCheckedOut) platform.checkOut().result()).getChanged();

        assertThat(changed)
                .contains("Makefile", "services/api", "services/new", "notes/incident.txt", "secret.txt")
                .doesNotContain("models/big.bin", ".env")
                .doesNotHaveDuplicates();
    }

    @Test
    void goesToTheCommitThatWasVerifiedThoughTheTagWasMovedSince() throws Exception {
        var verified = (TargetVerified) platform.verifyTarget(Platform.TAG).result();
        platform.git("tag", "--force", Platform.TAG, "main");
        platform.preserve();

        platform.run(platform.addAction(), new RecordingStep("r-1").given(verified));
        platform.run(platform.checkOutAction(), new RecordingStep("r-1").given(verified));

        assertThat(platform.git("rev-parse", "HEAD").strip()).isEqualTo(verified.getCommit());
        assertThat(platform.git("-C", platform.beside.toString(), "rev-parse", "HEAD")
                        .strip())
                .isEqualTo(verified.getCommit());
        assertThat(platform.read("Makefile")).isEqualTo("v1\n");
    }

    @Test
    void returnsACleanTreeAndADetachedHead() throws Exception {
        platform.git("checkout", "--quiet", "--detach");
        var before = platform.state();
        platform.preserve();
        platform.checkOut();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
        assertThat(platform.git("for-each-ref", "refs/rollback-displaced")).isEmpty();
    }

    @Test
    void leavesFilesAloneThatOnlyTheTagDoesNotIgnore() throws Exception {
        platform.write(".env", "KEY=1\n");
        var before = platform.state();
        platform.preserve();
        platform.checkOut();
        assertThat(platform.git("status", "--porcelain")).isEqualTo("?? .env\n");
        assertThat(platform.probe(platform.checkOutAction())).isInstanceOf(Probe.Applied.class);
        platform.verify();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void bringsBackAnIgnoredFileThatTheTagHadWrittenOver() throws Exception {
        platform.git("checkout", "--quiet", "--detach", Platform.TAG);
        platform.write(".env", "tracked at the tag\n");
        platform.write("models", "a file at the tag\n");
        platform.git("add", "--force", ".env", "models");
        platform.git("commit", "--quiet", "--message=Track what later is ignored");
        platform.git("tag", "--force", Platform.TAG);
        platform.git("checkout", "--quiet", "main");
        platform.write(".env", "KEY=secret\n");
        Files.setPosixFilePermissions(platform.root.resolve(".env"), PosixFilePermissions.fromString("rw-------"));
        platform.write("models/big.bin", "weights\n");
        var before = platform.state();
        platform.preserve();

        platform.checkOut();
        assertThat(platform.read(".env")).isEqualTo("tracked at the tag\n");
        assertThat(platform.read("models")).isEqualTo("a file at the tag\n");

        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void keepsTrackedFilesInIgnoredDirectories() throws Exception {
        platform.write("models/tracked.json", "1\n");
        platform.write("models/ignored.bin", "weights\n");
        platform.git("add", "--force", "models/tracked.json");
        platform.git("commit", "--quiet", "--message=Track one");
        platform.write("models/tracked.json", "2\n");
        var before = platform.state();
        platform.preserve();
        platform.checkOut();
        assertThat(platform.has("models/tracked.json")).isFalse();
        assertThat(platform.has("models/ignored.bin")).isTrue();
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void returnsFromFilesThatBecameDirectoriesAndLinksThatLeadOutside() throws Exception {
        var outside = Files.createDirectories(temporary.resolve("outside"));
        Files.writeString(outside.resolve("kb.json"), "not ours\n");
        Files.delete(platform.root.resolve("config/kb.json"));
        Files.delete(platform.root.resolve("config"));
        Files.createSymbolicLink(platform.root.resolve("config"), outside);
        Files.delete(platform.root.resolve("Makefile"));
        platform.write("Makefile/sub/file", "a directory now\n");
        Files.delete(platform.root.resolve("services/api/main.py"));
        Files.delete(platform.root.resolve("services/api"));
        platform.write("services/api", "a file now\n");
        var before = platform.state();
        platform.preserve();

        platform.checkOut();
        assertThat(platform.read("Makefile")).isEqualTo("v1\n");
        assertThat(platform.read("config/kb.json")).isEqualTo("{}\n");
        assertThat(platform.read("services/api/main.py")).isEqualTo("print(1)\n");

        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
        assertThat(Files.readString(outside.resolve("kb.json"))).isEqualTo("not ours\n");
    }

    @Test
    void leavesNestedRepositoriesWhereTheyAre() throws Exception {
        platform.git("init", "--quiet", "vendor/empty");
        platform.git("init", "--quiet", "vendor/lib");
        platform.write("vendor/lib/code", "1\n");
        platform.git("-C", "vendor/lib", "-c", "user.name=T", "-c", "user.email=t@localhost", "add", "code");
        var before = platform.state();
        platform.preserve();
        platform.checkOut();
        assertThat(platform.read("vendor/lib/code")).isEqualTo("1\n");
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void keepsWhatTheServicesWroteMeanwhileAndSaysWhere() throws Exception {
        platform.makeDirty();
        var before = platform.state();
        platform.preserve();
        platform.checkOut();
        platform.write("Makefile", "edited at the tag\n");
        platform.write("report.txt", "written meanwhile\n");

        var detail = platform.goBack().detail();

        assertThat(platform.state()).isEqualTo(before);
        var kept = new HashSet<String>();
        for (var ref : platform.git("for-each-ref", "--format=%(refname)", "refs/rollback-displaced")
                .lines()
                .toList()) {
            assertThat(detail).contains(ref);
            for (var path :
                    platform.git("ls-tree", "-r", "--name-only", ref).lines().toList()) {
                if (!path.startsWith("\"")) {
                    kept.add(path + " " + platform.git("show", ref + ":" + path));
                }
            }
        }
        assertThat(kept)
                .contains("Makefile edited at the tag\n", "report.txt written meanwhile\n")
                .noneMatch(file -> file.startsWith(".env"));
    }

    @Test
    void runsNoHooks() throws Exception {
        for (var name : new String[] {"post-checkout", "post-index-change", "reference-transaction", "pre-commit"}) {
            var hook = platform.root.resolve(".git/hooks").resolve(name);
            Files.createDirectories(hook.getParent());
            Files.writeString(hook, "#!/bin/sh\ntouch '" + temporary.resolve("hook-ran") + "'\nexit 1\n");
            Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        platform.write("Makefile", "dirty\n");
        platform.preserve();
        platform.run(platform.addAction());
        platform.checkOut();
        platform.goBack();
        assertThat(temporary.resolve("hook-ran")).doesNotExist();
    }

    @Test
    void worksInATreeThatBelongsToAnotherUser() throws Exception {
        assumeThat(System.getProperty("user.name")).isEqualTo("root");
        platform.makeDirty();
        var before = platform.state();
        chown("12345");
        platform.verifyTarget(Platform.TAG);
        platform.recordState();
        platform.preserve();
        platform.run(platform.addAction());
        platform.checkOut();
        platform.verify();
        platform.goBack();
        chown("0");
        assertThat(platform.state()).isEqualTo(before);
    }

    private void chown(String user) throws Exception {
        Command.in(temporary, List.of("chown", "-hR", user, temporary.toString()))
                .check();
    }

    @Test
    void leavesNoPrivateFilesInTheRepository() throws Exception {
        platform.makeDirty();
        platform.preserve();
        platform.checkOut();
        platform.goBack();
        try (var files = Files.list(platform.root.resolve(".git"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.endsWith(".index") || name.endsWith("index.lock"));
        }
    }
}
