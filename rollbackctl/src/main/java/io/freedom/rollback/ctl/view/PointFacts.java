package io.freedom.rollback.ctl.view;

import io.freedom.rollback.schemas.action.DumpedDatabase;
import io.freedom.rollback.schemas.action.KeptImage;
import io.freedom.rollback.schemas.action.ReadPart;
import io.freedom.rollback.schemas.action.RestorePointFacts;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Of which moments a restore point is, and of which images. */
final class PointFacts {
    private static final int SHOWN = 19;

    private PointFacts() {}

    static List<String> lines(RestorePointFacts facts, ZoneId zone) {
        var lines = new ArrayList<String>();
        facts.getDatabases().forEach(database -> lines.add("  moment         " + text(database, zone)));
        facts.getParts().forEach(part -> lines.add("  read           " + text(part, zone)));
        facts.getImages().forEach(image -> lines.add("  image          " + text(image)));
        return lines;
    }

    private static String text(DumpedDatabase database, ZoneId zone) {
        var texts = new ArrayList<String>();
        var at = database.getSnapshotAt();
        if (at != null) {
            texts.add("as of " + Texts.moment(at, zone));
        }
        if (database.getLsn() != null) {
            texts.add("WAL position " + database.getLsn());
        }
        if (database.getCollation() != null) {
            texts.add("sorted by " + database.getCollation());
        }
        return database.getDatabase() + ": " + (texts.isEmpty() ? "not noted" : String.join(", ", texts));
    }

    /** Its files are not of one moment. */
    private static String text(ReadPart part, ZoneId zone) {
        return part.getName() + ": between " + Texts.moment(part.getBegun(), zone) + " and "
                + Texts.moment(part.getEnded(), zone);
    }

    private static String text(KeptImage image) {
        var digests = image.getDigests();
        return image.getService() + ": " + image.getImage() + ", "
                + (digests.isEmpty() ? shortened(image.getImageId()) : String.join(", ", digests));
    }

    private static String shortened(String imageId) {
        return imageId.length() <= SHOWN ? imageId : imageId.substring(0, SHOWN);
    }

    static Map<String, Object> json(RestorePointFacts facts) {
        var json = new LinkedHashMap<String, Object>();
        json.put("moments", facts.getDatabases().stream().map(PointFacts::json).toList());
        json.put("parts", facts.getParts().stream().map(PointFacts::json).toList());
        json.put("images", facts.getImages().stream().map(PointFacts::json).toList());
        return json;
    }

    private static Map<String, Object> json(DumpedDatabase database) {
        var json = new LinkedHashMap<String, Object>();
        json.put("database", database.getDatabase());
        put(json, "snapshotAt", database.getSnapshotAt());
        put(json, "dumpedAt", database.getDumpedAt());
        put(json, "lsn", database.getLsn());
        put(json, "collation", database.getCollation());
        return json;
    }

    private static void put(Map<String, Object> json, String name, @Nullable Object value) {
        if (value != null) {
            json.put(name, value);
        }
    }

    private static Map<String, Object> json(ReadPart part) {
        var json = new LinkedHashMap<String, Object>();
        json.put("name", part.getName());
        json.put("begun", part.getBegun());
        json.put("ended", part.getEnded());
        return json;
    }

    private static Map<String, Object> json(KeptImage image) {
        var json = new LinkedHashMap<String, Object>();
        json.put("service", image.getService());
        json.put("image", image.getImage());
        json.put("imageId", image.getImageId());
        json.put("digests", image.getDigests());
        return json;
    }
}
