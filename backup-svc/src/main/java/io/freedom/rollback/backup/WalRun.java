package io.freedom.rollback.backup;

import io.freedom.rollback.vault.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One run of WAL without a gap: the segments that were fetched, and the base backups that were taken meanwhile. */
record WalRun(Path folder, About about) {
    static final String ABOUT = "run.json";
    static final String COVERED = "covered.json";
    static final String BASE = "base.json";
    private static final String MARKS = "marks.json";
    /** So many are kept of a run. */
    private static final int MARKED = 128;
    /** Says why segments are not finished before they are full. */
    private static final String HINDRANCE = "hindrance";
    /** Says which base backup the end of the run cannot be reached from. */
    private static final String DISTRUSTED = "distrusted.json";
    /** Marks a run that came out of the store. */
    static final String FETCHED = "fetched";

    private static final Duration RENAMED = Duration.ofMillis(200);

    /**
     * What is known of a run.
     *
     * @param id name of its folder; later ones sort last
     * @param systemIdentifier of the data directory, which {@code initdb} makes
     * @param image id of the server's image
     * @param segmentSize bytes of a segment of WAL
     * @param ended null while it goes on
     * @param why it has ended
     */
    record About(
            String id,
            String systemIdentifier,
            String serverVersion,
            String image,
            long segmentSize,
            Instant began,
            @Nullable Instant ended,
            @Nullable String why) {}

    private record Marks(List<WalCovered> marks) {}

    private record Distrust(String base, String why) {}

    Path wal() {
        return folder.resolve("wal");
    }

    /** Where base backups are being taken. */
    Path making() {
        return folder.resolve("making");
    }

    /** Removes what base backups that came to nothing have left; none is being taken. */
    void removeUnfinished() throws IOException {
        PrivateFiles.delete(making());
        PrivateFiles.createFolders(making());
    }

    Path bases() {
        return folder.resolve("base");
    }

    Path base(String id) {
        return bases().resolve(id);
    }

    boolean goesOn() {
        return about.ended() == null;
    }

    Optional<WalCovered> covered() throws IOException {
        var file = folder.resolve(COVERED);
        return Files.exists(file) ? Optional.of(Json.read(file, WalCovered.class)) : Optional.empty();
    }

    /** It never goes back: two may have looked side by side. */
    void cover(WalCovered covered) throws IOException {
        var before = covered();
        if (before.isPresent() && before.get().position().compareTo(covered.position()) > 0) {
            return;
        }
        if (before.isPresent() && isSegmentBefore(before.get(), covered)) {
            mark(before.get());
        }
        var next = before.map(covered::after).orElse(covered);
        PrivateFiles.write(folder.resolve(COVERED), Json.text(next));
    }

    private boolean isSegmentBefore(WalCovered one, WalCovered other) {
        var last = one.lastSegment(about.segmentSize());
        var next = other.lastSegment(about.segmentSize());
        return last.isPresent() && next.isPresent() && last.get() < next.get();
    }

    /** The last of each segment that was left; where there are too many, every other one. The oldest first. */
    List<WalCovered> marks() throws IOException {
        var file = folder.resolve(MARKS);
        return Files.exists(file) ? Json.read(file, Marks.class).marks() : List.of();
    }

    private void mark(WalCovered left) throws IOException {
        var marks = new ArrayList<>(marks());
        marks.remove(left);
        if (marks.size() >= MARKED) {
            for (int i = marks.size() - 2; i >= 0; i -= 2) {
                marks.remove(i);
            }
        }
        marks.add(left);
        PrivateFiles.write(folder.resolve(MARKS), Json.text(new Marks(marks)));
    }

    /** Why segments are not finished before they are full, for who waits for them; empty where they are. */
    Optional<String> hindrance() throws IOException {
        var file = folder.resolve(HINDRANCE);
        return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
    }

    /** @param why null where they are */
    void setHindrance(@Nullable String why) throws IOException {
        if (why == null) {
            Files.deleteIfExists(folder.resolve(HINDRANCE));
        } else if (!hindrance().equals(Optional.of(why))) {
            PrivateFiles.write(folder.resolve(HINDRANCE), why);
        }
    }

    /** Recovery from it did not reach what was archived: another one is due, which does not need it. */
    void distrust(WalBase base, String why) throws IOException {
        PrivateFiles.write(folder.resolve(DISTRUSTED), Json.text(new Distrust(base.id(), why)));
    }

    boolean isDistrusted(WalBase base) throws IOException {
        var file = folder.resolve(DISTRUSTED);
        return Files.exists(file) && Json.read(file, Distrust.class).base().equals(base.id());
    }

    /** Came out of the store; it is history, and nothing is added to it. */
    boolean isFetched() {
        return Files.exists(folder.resolve(FETCHED));
    }

    /** When it last did. */
    Instant fetchedAt() throws IOException {
        return Files.getLastModifiedTime(folder.resolve(FETCHED)).toInstant();
    }

    /** Before anything of it comes. */
    void fetching() throws IOException {
        PrivateFiles.createFolders(wal());
        PrivateFiles.createFolders(making());
        PrivateFiles.createFolders(bases());
        PrivateFiles.write(folder.resolve(FETCHED), "");
    }

    /** All of a base backup is there. */
    void fetched(WalBase base) throws IOException {
        PrivateFiles.write(base(base.id()).resolve(BASE), Json.text(base));
    }

    /** The oldest first. */
    List<WalBase> complete() throws IOException {
        return bases(bases());
    }

    private static List<WalBase> bases(Path folder) throws IOException {
        var bases = new ArrayList<WalBase>();
        for (var base : WalArchive.folders(folder)) {
            if (Files.exists(base.resolve(BASE))) {
                bases.add(Json.read(base.resolve(BASE), WalBase.class));
            }
        }
        bases.sort(Comparator.comparing(WalBase::at));
        return bases;
    }

    /** What a base backup is put together from: a full one, and those that are incremental each to the one before. The last is itself. */
    List<WalBase> chain(WalBase base) throws IOException {
        return chains().of(base);
    }

    private BaseChains chains() throws IOException {
        return new BaseChains(bases(), complete());
    }

    /**
     * The complete ones that recovery can begin from. Older ones may be kept only because these are incremental to them; the WAL since then is not.
     */
    List<WalBase> beginnings() throws IOException {
        var chains = chains();
        var bases = chains.complete();
        if (bases.size() < 2 || !chains.isFollowed(bases.getFirst())) {
            return bases;
        }
        var present = segments();
        int first = 0;
        while (first < bases.size() - 1
                && !present.isEmpty()
                && bases.get(first).start().segment(about.segmentSize()) < present.first()
                && chains.isFollowed(bases.get(first))) {
            first++;
        }
        return bases.subList(first, bases.size());
    }

    /** Removes those that no moment since then needs, with the WAL of before. Returns how many base backups went. */
    int prune(Instant horizon) throws IOException {
        var chains = chains();
        var bases = chains.complete();
        int first = 0;
        while (first < bases.size() - 1 && !bases.get(first + 1).at().isAfter(horizon)) {
            first++;
        }
        var needed = chains.needed(bases.subList(first, bases.size()));
        int removed = 0;
        // The newest first: whatever becomes of us, none is left without what it is incremental to.
        for (var base : bases.subList(0, first).reversed()) {
            if (!needed.contains(base.id())) {
                PrivateFiles.delete(base(base.id()));
                removed++;
            }
        }
        if (!bases.isEmpty()) {
            removeBefore(bases.get(first));
        }
        return removed;
    }

    /**
     * What {@code pg_receivewal} was making when its machine went down: it takes no file of another size, and nothing is in it. Its name stays,
     * since it tells where to go on.
     */
    void emptyHalfMade() throws IOException {
        for (var file : WalArchive.files(wal())) {
            if (file.toString().endsWith(".partial")
                    && Files.size(file) != 0
                    && Files.size(file) != about.segmentSize()) {
                Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
            }
        }
    }

    /**
     * Files that {@code pg_receivewal} needs no more: it finds out from the newest one where to go on. Once a run has ended it needs none.
     */
    List<WalFile> finished() throws IOException {
        var all = WalFile.in(wal(), about.segmentSize());
        return all.stream()
                .filter(file -> !goesOn()
                        || !file.isPartial()
                                && !file.name().equals(all.getLast().name()))
                .toList();
    }

    boolean has(String base) {
        return Files.exists(base(base).resolve(BASE));
    }

    /** A base backup in {@link #making} is complete, and may be taken over. */
    void finish(WalBase base) throws IOException {
        PrivateFiles.write(making().resolve(base.id()).resolve(BASE), Json.text(base));
    }

    /** Those that are. */
    List<WalBase> finishedBases() throws IOException {
        return bases(making());
    }

    void adopt(WalBase base) throws IOException {
        PrivateFiles.createFolders(bases());
        PrivateFiles.moveInto(making().resolve(base.id()), base(base.id()));
    }

    void end(String why, Instant now) throws IOException {
        var ended = new About(
                about.id(),
                about.systemIdentifier(),
                about.serverVersion(),
                about.image(),
                about.segmentSize(),
                about.began(),
                now,
                why);
        PrivateFiles.write(folder.resolve(ABOUT), Json.text(ended));
    }

    /** Name of the first segment that is missing between the oldest base backup that recovery can begin from and the newest file; empty for none. */
    Optional<String> gap() throws IOException, InterruptedException {
        var bases = beginnings();
        return bases.isEmpty() ? Optional.empty() : gap(bases.getFirst().start());
    }

    /** The same from a position on. */
    Optional<String> gap(Lsn from) throws IOException, InterruptedException {
        var missing = missing(from);
        if (missing.isPresent()) {
            Thread.sleep(RENAMED); // One may have been renamed while they were listed.
            return missing(from);
        }
        return missing;
    }

    private Optional<String> missing(Lsn from) throws IOException {
        var present = segments();
        if (present.isEmpty()) {
            return Optional.empty();
        }
        long size = about.segmentSize();
        for (long segment = from.segment(size); segment <= present.last(); segment++) {
            if (!present.contains(segment)) {
                return Optional.of(Lsn.fileOf(segment, size));
            }
        }
        return Optional.empty();
    }

    /** Whether there is a file for a position. */
    boolean holds(Lsn position) throws IOException, InterruptedException {
        long segment = position.segment(about.segmentSize());
        if (segments().contains(segment)) {
            return true;
        }
        Thread.sleep(RENAMED);
        return segments().contains(segment);
    }

    /** The best file of each segment, in the order of recovery. None is missing because it was just renamed. */
    Collection<WalFile> best() throws IOException, InterruptedException {
        var best = WalFile.best(WalFile.in(wal(), about.segmentSize()));
        Thread.sleep(RENAMED);
        best.putAll(WalFile.best(WalFile.in(wal(), about.segmentSize())));
        return best.values();
    }

    private TreeSet<Long> segments() throws IOException {
        var present = new TreeSet<Long>();
        for (var file : WalFile.in(wal(), about.segmentSize())) {
            present.add(file.segment());
        }
        return present;
    }

    /** What no base backup needs any more. */
    private void removeBefore(WalBase oldest) throws IOException {
        long needed = oldest.start().segment(about.segmentSize());
        for (var file : WalArchive.files(wal())) {
            var known = WalFile.of(file, about.segmentSize());
            if (known.isPresent() && known.get().segment() < needed) {
                Files.deleteIfExists(file);
            }
        }
    }
}
