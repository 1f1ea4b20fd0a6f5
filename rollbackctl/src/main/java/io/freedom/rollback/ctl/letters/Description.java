package io.freedom.rollback.ctl.letters;

import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.deadletter.DeadLetter;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;

/** All that is known of one record. */
public final class Description {
    private Description() {}

    /** Bytes of the record's value; none where it has none. */
    public static byte[] value(DeadLetter letter) {
        var value = Content.bytes(letter.getValue());
        return value == null ? new byte[0] : value;
    }

    /** @param letters about one record */
    public static List<String> of(List<DeadLetter> letters, ControlPlane plane, ZoneId zone) {
        var first = letters.getFirst();
        var lines = new ArrayList<String>();
        lines.add(LetterId.of(first).toString());
        for (var letter : letters) {
            lines.add("  put aside  " + Texts.moment(letter.getAt(), zone));
            lines.add("  because    " + Texts.cut(letter.getReason(), 2000));
        }
        var key = Content.bytes(first.getKey());
        lines.add("  key        " + (key == null ? "none" : String.join(" ", Content.lines(key))));
        var value = Content.bytes(first.getValue());
        if (value == null) {
            lines.add("  value      none");
            return lines;
        }
        var record = plane.decoded(first.getTopic(), value);
        boolean isCut = value.length < first.getSize();
        lines.add("  value      " + (isCut ? "the first " : "") + Texts.size(value.length)
                + (isCut ? " of " + Texts.size(first.getSize()) : "")
                + record.map(known -> ", " + known.getSchema().getName()).orElse(""));
        lines.add("");
        record.ifPresentOrElse(known -> lines.add(Json.of(known)), () -> lines.addAll(Content.lines(value)));
        return lines;
    }
}
