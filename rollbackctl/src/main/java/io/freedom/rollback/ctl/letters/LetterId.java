package io.freedom.rollback.ctl.letters;

import io.freedom.rollback.schemas.deadletter.DeadLetter;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Where the record was read that a dead letter is about: {@code TOPIC-PARTITION@OFFSET}. */
public record LetterId(String topic, int partition, long offset) {
    private static final Pattern SHAPE = Pattern.compile("(?<topic>.+)-(?<partition>\\d{1,9})@(?<offset>\\d{1,18})");

    public static LetterId of(DeadLetter letter) {
        return new LetterId(letter.getTopic(), letter.getPartition(), letter.getOffset());
    }

    @Override
    public String toString() {
        return topic + "-" + partition + "@" + offset;
    }

    /** Reads what {@code dead-letters list} prints. */
    public static final class Converter implements ITypeConverter<LetterId> {
        @Override
        public LetterId convert(String text) {
            var matcher = SHAPE.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException(
                        "'" + text
                                + "' is no dead letter: name it as `rollbackctl dead-letters list` does, e.g. rollback.incidents-2@7");
            }
            return new LetterId(
                    matcher.group("topic"),
                    Integer.parseInt(matcher.group("partition")),
                    Long.parseLong(matcher.group("offset")));
        }
    }
}
