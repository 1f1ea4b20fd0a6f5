package io.freedom.rollback.backup;

import static io.freedom.rollback.backup.Vaults.VAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.vault.DamagedException;
import io.freedom.rollback.vault.PrivateFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives, trees and settings that somebody else has made. */
class KnownAttacksTest {
    @TempDir
    private Path temp;

    private Path outside;
    private Path home;
    private final RunningStep step = new RunningStep("rb-1");

    @BeforeEach
    void build() throws Exception {
        outside = Files.createDirectory(temp.resolve("outside"));
        home = Files.createDirectory(temp.resolve("home"));
        Files.writeString(outside.resolve("theirs"), "theirs");
    }

    private record Tar(String attack, String refusal, List<TarArchiveEntry> entries) {}

    @Test
    void extractsNothingOutsideOfTheFolder() throws Exception {
        var theirs = outside.resolve("theirs").toString();
        var tars = List.of(
                new Tar("climbs", "outside of its folder", List.of(file("../outside/evil"))),
                new Tar("climbs within", "outside of its folder", List.of(file("a/../../outside/evil"))),
                new Tar("climbs absolutely", "outside of its folder", List.of(file("/../outside/evil"))),
                new Tar("hard link outside", "outside of its folder", List.of(link("a", "../outside/theirs", false))),
                new Tar("hard link to a path", "does not hold", List.of(link("a", theirs, false))),
                new Tar(
                        "hard link to a link",
                        "does not hold",
                        List.of(link("a", theirs, true), link("b", "a", false))),
                new Tar(
                        "through a link",
                        "behind a link",
                        List.of(link("a", outside.toString(), true), file("a/evil"))),
                new Tar(
                        "through a folder that became one",
                        "behind a link",
                        List.of(link("a", "../outside", true), file("a/b/evil"))));
        for (var tar : tars) {
            assertThatThrownBy(() -> extract(tar))
                    .as(tar.attack())
                    .isInstanceOf(DamagedException.class)
                    .hasMessageContaining(tar.refusal());
            requireUnharmed(tar);
        }
        var harmless = List.of(
                new Tar("over a link", "", List.of(link("a", theirs, true), file("a"))),
                new Tar(
                        "a folder over a link",
                        "",
                        List.of(link("a", outside.toString(), true), folder("a/"), file("a/evil"))));
        for (var tar : harmless) {
            extract(tar);
            requireUnharmed(tar);
        }
    }

    @Test
    void takesAnAbsoluteNameForOneWithinTheFolder() throws Exception {
        extract(new Tar("absolute", "", List.of(file(outside + "/evil"))));
        assertThat(home.resolve(outside.toString().substring(1)).resolve("evil"))
                .hasContent("evil");
        assertThat(outside.resolve("evil")).doesNotExist();
    }

    private void requireUnharmed(Tar tar) {
        assertThat(outside.resolve("evil")).as(tar.attack()).doesNotExist();
        assertThat(outside.resolve("theirs")).as(tar.attack()).hasContent("theirs");
        assertThat(outside).as(tar.attack()).isDirectoryNotContaining("glob:**evil");
    }

    private static TarArchiveEntry file(String name) {
        var entry = new TarArchiveEntry(name, TarConstants.LF_NORMAL, true);
        entry.setSize(4);
        return entry;
    }

    private static TarArchiveEntry folder(String name) {
        return new TarArchiveEntry(name, TarConstants.LF_DIR, true);
    }

    private static TarArchiveEntry link(String name, String to, boolean symbolic) {
        var entry = new TarArchiveEntry(name, symbolic ? TarConstants.LF_SYMLINK : TarConstants.LF_LINK, true);
        entry.setLinkName(to);
        return entry;
    }

    private void extract(Tar hostile) throws Exception {
        PrivateFiles.delete(home);
        var point = RestorePoint.at(temp.resolve("rb-1").toString());
        var archive = VAULT.sealed(temp.resolve("hostile.tar"), false);
        Files.deleteIfExists(archive);
        try (var out = new TarArchiveOutputStream(VAULT.create(archive))) {
            out.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (var entry : hostile.entries()) {
                out.putArchiveEntry(entry);
                if (entry.getSize() > 0) {
                    out.write("evil".getBytes(StandardCharsets.UTF_8));
                }
                out.closeArchiveEntry();
            }
        }
        try (var reader = ArchiveReader.open(archive, point, VAULT)) {
            reader.extract(home, new Tally(step));
        }
    }

    @Test
    void laysNoEnvFileOutsideOfTheCopy() throws Exception {
        var original = Files.createDirectories(temp.resolve("original/conf")).getParent();
        Files.writeString(original.resolve("conf/.env"), "KEY=1");
        Files.writeString(temp.resolve("up.env"), "KEY=2");
        Files.createSymbolicLink(home.resolve("conf"), outside);
        for (var name : List.of("conf/.env", "../up.env")) {
            var tally = new Tally(step);
            var copy = name.startsWith("..") ? Files.createDirectories(temp.resolve("deep/copy")) : home;
            LayFilesHandler.layEnvFile(original, copy, name, tally, step);
            assertThat(tally.files()).as(name).isZero();
            assertThat(tally.detail("files")).contains(name + " (it would come to lie outside of the copy)");
        }
        assertThat(outside.resolve(".env")).doesNotExist();
        assertThat(temp.resolve("deep/up.env")).doesNotExist();
    }

    @Test
    void readsASearchPathOfAnyLength() {
        int many = 1_000_000;
        assertThat(DatabaseProperties.setting("ALTER ROLE r", "search_path=\"$user\", public,\"a \"\"b\"\", c\" ,d"))
                .endsWith(" TO E'$user', E'public', E'a \"b\", c', E'd'");
        assertThat(DatabaseProperties.setting("ALTER ROLE r", "search_path=\"\""))
                .endsWith(" TO E''");
        assertThat(DatabaseProperties.setting("ALTER ROLE r", "search_path=")).endsWith(" TO E''");
        for (var longOne : List.of(
                "\"" + "a".repeat(many) + "\"",
                "\"" + "\"\"".repeat(many) + "\"",
                "a" + " ".repeat(many) + "b",
                "\"".repeat(many),
                " ".repeat(many),
                "a".repeat(many))) {
            assertThat(DatabaseProperties.setting("ALTER ROLE r", "search_path=" + longOne))
                    .startsWith("ALTER ROLE r SET ");
        }
    }

    @Test
    void takesNothingOutOfABucketThatNamesAnotherPlace() {
        for (var id : List.of("..", ".", ".removed-a", "a\\b", "a b", "-a", "a\0")) {
            var there = new HashMap<String, S3Store.Stored>();
            for (var key : List.of("wal/" + id + "/run.json", "wal/a/base/" + id + "/base.json")) {
                there.put(key, new S3Store.Stored(key, 1, Instant.EPOCH, ""));
            }
            var runs = StoredRun.of(there);
            assertThat(runs).as(id).containsOnlyKeys("a");
            assertThat(runs.firstEntry().getValue().bases()).as(id).isEmpty();
        }
        var run = StoredRun.none("a");
        assertThat(run.isOurs("run.json", about("a", 16 << 20))).isTrue();
        assertThat(run.isOurs("run.json", about("../a", 16 << 20))).isFalse();
        for (long size : List.of(0L, 1L, -1L << 63, 3L << 20, 1L << 19, 1L << 31)) {
            assertThat(run.isOurs("run.json", about("a", size))).as("" + size).isFalse();
        }
        assertThat(run.isOurs("run.json", "null")).isFalse();
        var base = Json.text(new WalBase("b", Instant.EPOCH, "0/1", "0/1", 0, 1, 1, null));
        assertThat(run.isOurs("base/b/base.json", base)).isTrue();
        assertThat(run.isOurs("base/c/base.json", base)).isFalse();
    }

    private static String about(String id, long segmentSize) {
        return Json.text(new WalRun.About(id, "1", "15.18", "sha256:0", segmentSize, Instant.EPOCH, null, null));
    }
}
