package io.freedom.rollback.ctl.view;

import io.freedom.rollback.ctl.view.RestorePoints.Archive;
import io.freedom.rollback.ctl.view.RestorePoints.Kept;
import io.freedom.rollback.ctl.view.RestorePoints.Point;
import io.freedom.rollback.ctl.view.RestorePoints.Recovery;
import io.freedom.rollback.ctl.view.RestorePoints.Store;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Restore points as operators read them, with how old what can be restored is against the RPO. */
public final class RestorePointTable {
    private final List<Point> points;
    private final List<Archive> archives;
    private final List<Recovery> recoveries;
    private final List<Archive> storedArchives;
    private final List<Store> stores;
    private final List<Kept> kept;

    public RestorePointTable(RestorePoints known) {
        points = List.copyOf(known.all());
        archives = known.archives();
        recoveries = archives.stream()
                .filter(archive -> archive.since() != null)
                .map(archive -> known.recovery(archive.platform()))
                .toList();
        storedArchives = known.storedArchives();
        stores = known.stores();
        kept = known.kept();
    }

    public List<String> lines(Instant now, ZoneId zone, Style style) {
        if (points.isEmpty()) {
            var none = new ArrayList<>(
                    List.of(
                            "No restore point is known. Take one with: rollbackctl start PLATFORM --scenario restore-point"
                                    + " --reason \"…\" --watch",
                            "Some that are on disk, of a control plane that was lost: rollbackctl backups import PLATFORM --watch"));
            archives.forEach(archive -> none.add(text(archive, zone, style)));
            recoveries.forEach(recovery -> none.add(text(recovery, zone, style)));
            stores.forEach(store -> none.add(text(store, style)));
            storedArchives.forEach(archive -> none.add(stored(archive, zone, style)));
            kept.forEach(it -> none.add(text(it, now, zone, style)));
            return none;
        }
        var table = new Table(
                "ID",
                "PLATFORM",
                "TAKEN",
                "AGE",
                "SIZE",
                "TAKEN BY",
                "DATABASE",
                "RESTORED",
                "HELD UNTIL",
                "STORE",
                "USE");
        points.reversed()
                .forEach(point -> table.row(
                        point.isRestorable() ? text -> text : style::yellow,
                        point.id(),
                        point.platform(),
                        Texts.moment(point.takenAt(), zone),
                        age(point, now),
                        Texts.size(point.bytes()),
                        point.takenBy(),
                        point.serverVersion() == null ? "–" : "PostgreSQL " + point.serverVersion(),
                        proven(point, zone),
                        point.heldUntil() == null ? "–" : Texts.moment(point.heldUntil(), zone),
                        isStored(point) ? "copied" : "–",
                        use(point)));
        var lines = new ArrayList<>(table.lines(style));
        lines.add("");
        newest().forEach((platform, point) -> {
            if (archives.stream().noneMatch(it -> it.platform().equals(platform) && it.fault() == null)) {
                lines.add(against(platform, point, now, style));
            }
        });
        archives.forEach(archive -> lines.add(text(archive, zone, style)));
        recoveries.forEach(recovery -> lines.add(text(recovery, zone, style)));
        stores.forEach(store -> lines.add(text(store, style)));
        storedArchives.forEach(archive -> lines.add(stored(archive, zone, style)));
        kept.forEach(it -> lines.add(text(it, now, zone, style)));
        return lines;
    }

    /** How many of those that are known are in the store, and what is there alone. */
    private String text(Store store, Style style) {
        var known = points.stream()
                .filter(point -> point.platform().equals(store.platform()))
                .map(Point::id)
                .toList();
        var alone = store.stored().stream().filter(id -> !known.contains(id)).toList();
        var text = store.platform() + ": " + (store.stored().size() - alone.size()) + " of " + known.size()
                + (store.ended() ? " are in the store that it had" : " are in the store")
                + (alone.isEmpty()
                        ? ""
                        : ", which has " + alone.size() + " more (" + String.join(", ", alone)
                                + "), to be fetched with: rollbackctl backups import " + store.platform() + " --id ID");
        if (store.ended() || store.fault() == null) {
            return text;
        }
        return style.red(text + "; not all are copied: " + store.fault());
    }

    private boolean isStored(Point point) {
        return stores.stream()
                .anyMatch(store -> store.platform().equals(point.platform())
                        && store.stored().contains(point.id()));
    }

    private static String text(Archive archive, ZoneId zone, Style style) {
        var since = archive.since();
        var until = archive.until();
        if (archive.fault() == null && since != null) {
            return archive.platform() + ": the WAL archive has all that was committed since "
                    + Texts.moment(since, zone)
                    + "; any moment that backups.wal.keep reaches becomes a restore point with: rollbackctl backups derive "
                    + archive.platform() + " --at TIME --reason \"…\" --watch";
        }
        var text = archive.platform() + ": what is committed is not archived (" + archive.fault() + ")"
                + (until == null
                        ? ""
                        : "; moments until " + Texts.moment(until, zone) + " can be derived from the WAL archive");
        return archive.ended() ? text : style.red(text);
    }

    /** Whether any moment can be derived indeed. */
    private static String text(Recovery recovery, ZoneId zone, Style style) {
        var what = recovery.platform() + ": from the WAL archive ";
        var proven = recovery.proven();
        var at = recovery.at();
        var well = proven == null || at == null
                ? "no server was ever recovered to prove it"
                : "a server was recovered " + Texts.moment(at, zone) + ", to " + proven.getLsn()
                        + " with all that was committed until " + Texts.moment(proven.getUntil(), zone) + ", and "
                        + String.format("%,d", proven.getRows()) + " rows read";
        var failedAt = recovery.failedAt();
        if (failedAt != null) {
            return style.red(what + "none could be recovered " + Texts.moment(failedAt, zone) + " (" + recovery.fault()
                    + "); " + (proven == null ? well : "the last time " + well));
        }
        return proven == null
                ? style.yellow(
                        what + well + "; now: rollbackctl backups verify " + recovery.platform() + " --wal --watch")
                : what + well;
    }

    /** How far the copy reaches. */
    private static String stored(Archive copy, ZoneId zone, Style style) {
        var since = copy.since();
        var until = copy.until();
        if (copy.fault() == null && since != null) {
            return copy.platform() + ": the WAL archive is in the store, too, since " + Texts.moment(since, zone)
                    + "; within the RPO it follows what is committed";
        }
        var text = copy.platform() + ": the WAL archive is not copied to the store (" + copy.fault() + ")"
                + (until == null ? "" : "; what was committed until " + Texts.moment(until, zone) + " is there");
        return copy.ended() ? text : style.red(text);
    }

    private static String text(Kept kept, Instant now, ZoneId zone, Style style) {
        var rpo = "RPO " + Texts.limit(kept.every().toMillis());
        var what = kept.platform() + ": " + kept.what() + " are ";
        if (kept.fault() == null) {
            var well = what + kept.done() + "; " + rpo;
            var notes = String.join("; ", kept.notes());
            return notes.isEmpty() ? well : well + style.yellow("; not so: " + notes);
        }
        var until = kept.until();
        var text = what + "not " + kept.done() + " (" + kept.fault() + ")"
                + (until == null
                        ? ""
                        : "; those until " + Texts.moment(until, zone) + " are, " + age(Duration.between(until, now))
                                + " ago");
        if (kept.ended()) {
            return text;
        }
        boolean missed = until == null || Duration.between(until, now).compareTo(kept.every()) > 0;
        return style.red(text + "; " + rpo + (missed ? ", which is missed" : ""));
    }

    private static String use(Point point) {
        if (point.isRestorable()) {
            return "restore";
        }
        return point.onDisk() ? "analysis only: " + point.distrust() : "none: " + point.distrust();
    }

    /** Into a throwaway server, to prove it. */
    private static String proven(Point point, ZoneId zone) {
        if (point.provenAt() != null) {
            return Texts.moment(point.provenAt(), zone);
        }
        return point.serverVersion() == null ? "–" : "never";
    }

    /** By platform, the newest that may be restored. */
    private Map<String, Point> newest() {
        var newest = new TreeMap<String, Point>();
        points.stream().filter(Point::isRestorable).forEach(point -> newest.put(point.platform(), point));
        return newest;
    }

    private static String against(String platform, Point point, Instant now, Style style) {
        var text = platform + ": what was committed in the last " + age(point, now) + " is in no restore point";
        if (point.rpo().isZero()) {
            return text;
        }
        boolean missed = Duration.between(point.takenAt(), now).compareTo(point.rpo()) > 0;
        var rpo = "; RPO " + Texts.limit(point.rpo().toMillis());
        return missed ? style.red(text + rpo + ", which a restore would miss") : text + rpo;
    }

    private static String age(Point point, Instant now) {
        return age(Duration.between(point.takenAt(), now));
    }

    private static String age(Duration age) {
        return age.toDays() > 1 ? age.toDays() + " days" : Texts.span(age);
    }

    /** Everything that is known of one. */
    public static List<String> detail(Point point, Instant now, ZoneId zone, Style style) {
        var lines = new ArrayList<String>();
        lines.add(style.bold(point.id()) + " of " + point.platform());
        lines.add("  taken          " + Texts.moment(point.takenAt(), zone) + ", " + age(point, now) + " ago, by "
                + point.takenBy());
        lines.add("  where          " + point.directory());
        lines.add("  content        " + point.files() + " files, " + Texts.size(point.bytes()));
        if (point.serverVersion() != null) {
            lines.add("  database       dump of PostgreSQL " + point.serverVersion()
                    + (point.databases().isEmpty() ? "" : ": " + String.join(", ", point.databases())));
        }
        if (point.commit() != null) {
            lines.add("  commit         " + point.commit());
        }
        var facts = point.facts();
        if (facts != null) {
            lines.addAll(PointFacts.lines(facts, zone));
        }
        lines.add("  read back      whole, " + Texts.moment(point.verifiedAt(), zone));
        if (point.serverVersion() != null) {
            lines.add("  restored       "
                    + (point.provenAt() == null
                            ? style.yellow("never; to prove it: rollbackctl backups verify " + point.id() + " --watch")
                            : "into a throwaway server, all rows as dumped, " + Texts.moment(point.provenAt(), zone)));
        }
        lines.add(
                "  held until     " + (point.heldUntil() == null ? "no hold" : Texts.moment(point.heldUntil(), zone)));
        if (!point.onDisk()) {
            lines.add(style.yellow("  use            none: " + point.distrust()
                    + "; mount it or bring it back, then: rollbackctl backups import " + point.platform()));
        } else if (!point.isRestorable()) {
            lines.add(style.yellow("  use            for analysis only: " + point.distrust()));
        } else if (point.serverVersion() == null) {
            lines.add("  use            it has no database");
        } else {
            lines.add("  restore it     rollbackctl backups restore " + point.id() + " --reason \"…\" --watch");
        }
        return lines;
    }

    public static Map<String, Object> json(Point point) {
        var json = new LinkedHashMap<String, Object>();
        json.put("id", point.id());
        json.put("platform", point.platform());
        json.put("directory", point.directory());
        json.put("takenAt", point.takenAt());
        json.put("takenBy", point.takenBy());
        json.put("files", point.files());
        json.put("bytes", point.bytes());
        json.put("verifiedAt", point.verifiedAt());
        if (point.provenAt() != null) {
            json.put("provenAt", point.provenAt());
        }
        json.put("restorable", point.isRestorable());
        if (!point.onDisk()) {
            json.put("onDisk", false);
        }
        if (point.distrust() != null) {
            json.put("distrust", point.distrust());
        }
        if (point.heldUntil() != null) {
            json.put("heldUntil", point.heldUntil());
        }
        if (point.commit() != null) {
            json.put("commit", point.commit());
        }
        if (point.serverVersion() != null) {
            json.put("serverVersion", point.serverVersion());
        }
        if (!point.databases().isEmpty()) {
            json.put("databases", point.databases());
        }
        var facts = point.facts();
        if (facts != null) {
            json.putAll(PointFacts.json(facts));
        }
        if (!point.rpo().isZero()) {
            json.put("rpoMillis", point.rpo().toMillis());
        }
        return json;
    }
}
