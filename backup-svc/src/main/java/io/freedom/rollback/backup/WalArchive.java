package io.freedom.rollback.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is on disk of a platform's WAL archive: a folder for each run of WAL without a gap, with the base backups that were taken in it.
 * A gap begins another run, so that no recovery can cross one.
 */
record WalArchive(Path root) {
    /** In the folder that restore points are in. */
    static final String FOLDER = ".wal";

    /** Begins the name of what is being removed. */
    private static final String REMOVED = ".removed-";

    private static final String IN_USE = ".in-use-by-";
    private static final Duration LONGEST_USE = Duration.ofDays(1);
    private static final Duration RENAMED = Duration.ofMillis(200);
    static final String ABOUT = "run.json";
    static final String COVERED = "covered.json";
    static final String BASE = "base.json";
    private static final String MARKS = "marks.json";
    /** So many are kept of a run. */
    private static final int MARKED = 128;
    /** Says why segments are not finished before they are full. */
    private static final String HINDRANCE = "hindrance";
    /** Marks a run that came out of the store. */
    private static final String FETCHED = "fetched";

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

    /**
     * All that was committed until then is archived.
     *
     * @param at by the server's clock
     * @param lsn end of a record that is archived, and was written by then
     * @param through end of the transaction of our own that follows it; null where a release before did not note it
     * @param transaction id of that
     * @param alone whether nobody else was writing then
     * @param changed others may have committed until then; null where that is not known
     */
    record Covered(
            Instant at,
            String lsn,
            @Nullable String through,
            @Nullable Long transaction,
            @Nullable Boolean alone,
            @Nullable Instant changed) {
        Lsn position() {
            return Lsn.of(lsn).orElseThrow();
        }

        /** Whether more than our own transactions may have been committed since. */
        boolean isBehind(Covered newer) {
            return newer.changed == null || newer.changed.isAfter(at);
        }

        /** The last segment that it needs: with a transaction behind the moment. Empty where that is not known. */
        Optional<Long> lastSegment(long segmentSize) {
            return Optional.ofNullable(through)
                    .flatMap(Lsn::of)
                    .map(end -> new Lsn(end.bytes() - 1).segment(segmentSize));
        }

        private Covered after(Covered before) {
            boolean idle = Boolean.TRUE.equals(before.alone)
                    && transaction != null
                    && before.transaction != null
                    && transaction == before.transaction + 1;
            return idle ? new Covered(at, lsn, through, transaction, alone, before.changed) : this;
        }
    }

    private record Marks(List<Covered> marks) {}

    /**
     * A base backup that can be recovered from.
     *
     * @param at when it was complete: no earlier moment can be reached from it
     * @param startLsn where replay begins
     * @param endLsn from where on it is consistent
     * @param tablespaces besides the standard ones
     * @param bytes on disk
     * @param cluster bytes of all databases of the server then
     * @param made how, as far as others depend on it; null before PostgreSQL 17, and of a release before
     */
    record Base(
            String id,
            Instant at,
            String startLsn,
            String endLsn,
            int tablespaces,
            long bytes,
            long cluster,
            @Nullable Made made) {
        /** Id of the one that it is incremental to; empty for a full one. */
        Optional<String> after() {
            return Optional.ofNullable(made).map(Made::after);
        }

        Lsn start() {
            return Lsn.of(startLsn).orElseThrow();
        }

        Lsn end() {
            return Lsn.of(endLsn).orElseThrow();
        }
    }

    /**
     * How a base backup was taken.
     *
     * @param after id of the one that it is incremental to, and of no use without; null for a full one
     * @param why it is a full one, though the server could have given an incremental one; null otherwise
     * @param checksums whether the server's pages had checksums
     * @param unpacked bytes of the files in it
     */
    record Made(@Nullable String after, @Nullable String why, boolean checksums, long unpacked) {}

    /** One run. */
    record Run(Path folder, About about) {
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

        Optional<Covered> covered() throws IOException {
            var file = folder.resolve(COVERED);
            return Files.exists(file) ? Optional.of(Json.read(file, Covered.class)) : Optional.empty();
        }

        /** It never goes back: two may have looked side by side. */
        void cover(Covered covered) throws IOException {
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

        private boolean isSegmentBefore(Covered one, Covered other) {
            var last = one.lastSegment(about.segmentSize());
            var next = other.lastSegment(about.segmentSize());
            return last.isPresent() && next.isPresent() && last.get() < next.get();
        }

        /** The last of each segment that was left; where there are too many, every other one. The oldest first. */
        List<Covered> marks() throws IOException {
            var file = folder.resolve(MARKS);
            return Files.exists(file) ? Json.read(file, Marks.class).marks() : List.of();
        }

        private void mark(Covered left) throws IOException {
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

        /** Came out of the store; it is history, and nothing is added to it. */
        boolean isFetched() {
            return Files.exists(folder.resolve(FETCHED));
        }

        /** When it last did. */
        private Instant fetchedAt() throws IOException {
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
        void fetched(Base base) throws IOException {
            PrivateFiles.write(base(base.id()).resolve(BASE), Json.text(base));
        }

        /** The oldest first. */
        List<Base> complete() throws IOException {
            return bases(bases());
        }

        private static List<Base> bases(Path folder) throws IOException {
            var bases = new ArrayList<Base>();
            for (var base : folders(folder)) {
                if (Files.exists(base.resolve(BASE))) {
                    bases.add(Json.read(base.resolve(BASE), Base.class));
                }
            }
            bases.sort(Comparator.comparing(Base::at));
            return bases;
        }

        /** What a base backup is put together from: a full one, and those that are incremental each to the one before. The last is itself. */
        List<Base> chain(Base base) throws IOException {
            var bases = complete();
            var chain = new ArrayDeque<>(List.of(base));
            while (chain.getFirst().after().isPresent()) {
                var first = chain.getFirst();
                chain.addFirst(before(first, bases)
                        .orElseThrow(
                                () -> new DamagedException(base(first.after().orElseThrow())
                                        + " is missing, which base backup " + first.id() + " is incremental to")));
            }
            return List.copyOf(chain);
        }

        /**
         * The complete ones that recovery can begin from. Older ones may be kept only because these are incremental to them; the WAL since then is not.
         */
        List<Base> beginnings() throws IOException {
            var bases = complete();
            if (bases.size() < 2 || !isFollowed(bases.getFirst(), bases)) {
                return bases;
            }
            var present = segments();
            int first = 0;
            while (first < bases.size() - 1
                    && !present.isEmpty()
                    && bases.get(first).start().segment(about.segmentSize()) < present.first()
                    && isFollowed(bases.get(first), bases)) {
                first++;
            }
            return bases.subList(first, bases.size());
        }

        private static boolean isFollowed(Base base, List<Base> bases) {
            return bases.stream().anyMatch(other -> other.after().equals(Optional.of(base.id())));
        }

        /** Removes those that no moment since then needs, with the WAL of before. Returns how many base backups went. */
        private int prune(Instant horizon) throws IOException {
            var bases = complete();
            int first = 0;
            while (first < bases.size() - 1 && !bases.get(first + 1).at().isAfter(horizon)) {
                first++;
            }
            var needed = new HashSet<String>();
            for (var base : bases.subList(first, bases.size())) {
                for (var other = Optional.of(base); other.isPresent(); other = before(other.get(), bases)) {
                    needed.add(other.get().id());
                }
            }
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

        private static Optional<Base> before(Base base, List<Base> bases) {
            return bases.stream()
                    .filter(other -> base.after().equals(Optional.of(other.id()))
                            && other.at().isBefore(base.at()))
                    .findFirst();
        }

        /**
         * What {@code pg_receivewal} was making when its machine went down: it takes no file of another size, and nothing is in it. Its name stays,
         * since it tells where to go on.
         */
        void emptyHalfMade() throws IOException {
            for (var file : files(wal())) {
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
        void finish(Base base) throws IOException {
            PrivateFiles.write(making().resolve(base.id()).resolve(BASE), Json.text(base));
        }

        /** Those that are. */
        List<Base> finishedBases() throws IOException {
            return bases(making());
        }

        void adopt(Base base) throws IOException {
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
            var missing = missing();
            if (missing.isPresent()) {
                Thread.sleep(RENAMED); // One may have been renamed while they were listed.
                return missing();
            }
            return missing;
        }

        private Optional<String> missing() throws IOException {
            var bases = beginnings();
            var present = segments();
            if (bases.isEmpty() || present.isEmpty()) {
                return Optional.empty();
            }
            long size = about.segmentSize();
            for (long segment = bases.getFirst().start().segment(size); segment <= present.last(); segment++) {
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
        private void removeBefore(Base oldest) throws IOException {
            long needed = oldest.start().segment(about.segmentSize());
            for (var file : files(wal())) {
                var known = WalFile.of(file, about.segmentSize());
                if (known.isPresent() && known.get().segment() < needed) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    static WalArchive of(String backups, String platform) {
        return new WalArchive(Path.of(backups).resolve(FOLDER).resolve(platform));
    }

    /** The oldest first. */
    List<Run> runs() throws IOException {
        var runs = new ArrayList<Run>();
        for (var folder : folders(root)) {
            if (!isHidden(folder) && Files.exists(folder.resolve(ABOUT))) {
                runs.add(new Run(folder, Json.read(folder.resolve(ABOUT), About.class)));
            }
        }
        return runs;
    }

    private static boolean isHidden(Path folder) {
        return String.valueOf(folder.getFileName()).startsWith(".");
    }

    /** The one that goes on. */
    Optional<Run> current() throws IOException {
        return runs().stream().filter(Run::goesOn).reduce((_, newer) -> newer);
    }

    /** Of the archive, by something that reads it for long. */
    interface Use extends AutoCloseable {
        @Override
        void close() throws IOException;
    }

    /** While something is derived from it, nothing is removed. Closing ends that; what a killed worker leaves does in a day. */
    Use use(String rollbackId) throws IOException {
        var marker = root.resolve(IN_USE + rollbackId);
        PrivateFiles.write(marker, "");
        return () -> Files.deleteIfExists(marker);
    }

    private boolean isInUse(Instant now) throws IOException {
        for (var file : files(root)) {
            if (file.getFileName().toString().startsWith(IN_USE)) {
                if (Files.getLastModifiedTime(file).toInstant().isAfter(now.minus(LONGEST_USE))) {
                    return true;
                }
                Files.deleteIfExists(file);
            }
        }
        return false;
    }

    Run begin(About about) throws IOException {
        var run = new Run(root.resolve(about.id()), about);
        PrivateFiles.createFolders(run.wal());
        PrivateFiles.createFolders(run.making());
        PrivateFiles.createFolders(run.bases());
        PrivateFiles.write(run.folder().resolve(ABOUT), Json.text(about));
        return run;
    }

    /** Removes what reaches back further than that. Returns how many base backups went. */
    int prune(Duration keep, Instant now) throws IOException {
        int removed = 0;
        if (isInUse(now)) {
            return removed;
        }
        var horizon = now.minus(keep);
        for (var folder : folders(root)) {
            if (folder.getFileName().toString().startsWith(REMOVED) || isHalfFetched(folder, horizon)) {
                PrivateFiles.delete(folder);
            }
        }
        for (var run : runs()) {
            var covered = run.covered();
            boolean over = !run.goesOn()
                    && (covered.isEmpty() ? run.about().began() : covered.get().at()).isBefore(horizon)
                    && !(run.isFetched() && run.fetchedAt().isAfter(horizon));
            if (over) {
                removed += run.complete().size();
                // Without its first file it would be forgotten, with all the others.
                var aside = root.resolve(REMOVED + run.about().id());
                PrivateFiles.moveInto(run.folder(), aside);
                PrivateFiles.delete(aside);
                continue;
            }
            if (run.isFetched()) {
                continue; // It goes as it came.
            }
            removed += run.prune(horizon);
        }
        return removed;
    }

    /** By somebody who has long given up. */
    private static boolean isHalfFetched(Path folder, Instant horizon) throws IOException {
        var marker = folder.resolve(FETCHED);
        return Files.exists(marker)
                && !Files.exists(folder.resolve(ABOUT))
                && Files.getLastModifiedTime(marker).toInstant().isBefore(horizon);
    }

    long bytes() throws IOException {
        long bytes = 0;
        for (var run : runs()) {
            bytes += run.complete().stream().mapToLong(Base::bytes).sum();
            bytes += files(run.wal()).stream().mapToLong(WalArchive::size).sum();
        }
        return bytes;
    }

    /** Of a file that may be renamed or removed meanwhile. */
    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    private static List<Path> folders(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (var all = Files.list(parent)) {
            return all.filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        }
    }

    private static List<Path> files(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (var all = Files.list(parent)) {
            return all.sorted().toList();
        }
    }
}
