package io.freedom.rollback.platform;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A YAML document as a JSON tree that remembers where each key and list item was written. Read from parser events
 * rather than by Jackson, which keeps no positions and drops duplicate keys.
 */
final class YamlDocument {
    /** A path into the document, e.g. {@code probes.http[0].url}. */
    static String join(String parent, String key) {
        return parent.isEmpty() ? key : parent + "." + key;
    }

    /** The document cannot be read at all. */
    static final class Unreadable extends Exception {
        private static final long serialVersionUID = 1L;

        final transient Problem problem;

        Unreadable(int line, int column, String message) {
            super(message);
            problem = new Problem(line, column, "", message);
        }

        private Unreadable(Event at, String message) {
            this(
                    at.getStartMark().map(Mark::getLine).orElse(0) + 1,
                    at.getStartMark().map(Mark::getColumn).orElse(0) + 1,
                    message);
        }
    }

    private record Position(int line, int column) {}

    /** Descriptors are four levels deep; what is deeper is an attack on the stack. */
    private static final int DEPTH = 32;
    /** Expressions that check longer texts may need more stack than there is. */
    private static final int LONGEST = 2000;
    /** Sent as it is. */
    private static final String BODY = ".body";

    private final JsonNodeFactory nodes = JsonNodeFactory.instance;
    private final Map<String, Position> positions = new HashMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Iterator<Event> events;
    private @Nullable ObjectNode root;

    private YamlDocument(String yaml) {
        var settings = LoadSettings.builder().setSchema(new CoreSchema()).setCodePointLimit(PlatformDescriptors.LIMIT);
        events = new Parse(settings.build()).parseString(yaml).iterator();
    }

    static YamlDocument read(String yaml) throws Unreadable {
        var document = new YamlDocument(yaml);
        try {
            document.readStream();
        } catch (MarkedYamlEngineException e) {
            throw new Unreadable(line(e.getProblemMark()), column(e.getProblemMark()), "not YAML: " + said(e));
        } catch (YamlEngineException e) {
            throw new Unreadable(1, 1, "not YAML: " + e.getMessage());
        }
        return document;
    }

    ObjectNode root() {
        if (root == null) {
            throw new IllegalStateException("read() fills the root or throws");
        }
        return root;
    }

    /** Duplicate keys. */
    List<Problem> problems() {
        return problems;
    }

    /** A problem at a path, or at the nearest place above it that was written. */
    Problem problem(String path, String message) {
        return problem(path, path, message);
    }

    Problem problem(String writtenAt, String path, String message) {
        var place = writtenAt;
        while (!positions.containsKey(place) && !place.isEmpty()) {
            int cut = Math.max(place.lastIndexOf('.'), place.lastIndexOf('['));
            place = cut < 0 ? "" : place.substring(0, cut);
        }
        var position = positions.getOrDefault(place, new Position(1, 1));
        return new Problem(position.line(), position.column(), path, message);
    }

    private void readStream() throws Unreadable {
        events.next(); // stream start
        var first = events.next();
        if (first.getEventId() == Event.ID.StreamEnd) {
            throw new Unreadable(1, 1, "the descriptor is empty: begin with `apiVersion: rollback.freedom.io/v1`");
        }
        var start = events.next();
        if (!(readNode(start, "", 0) instanceof ObjectNode mapping)) {
            throw new Unreadable(
                    start, "must be a mapping of keys to values, beginning with `apiVersion: rollback.freedom.io/v1`");
        }
        root = mapping;
        events.next(); // document end
        var after = events.next();
        if (after.getEventId() != Event.ID.StreamEnd) {
            throw new Unreadable(after, "one file describes one platform: put the second document into its own file");
        }
    }

    private JsonNode readNode(Event event, String path, int depth) throws Unreadable {
        if (depth > DEPTH) {
            throw new Unreadable(event, "nested deeper than " + DEPTH + " levels: this is no platform.yaml");
        }
        if (event.getEventId() == Event.ID.Alias) {
            throw new Unreadable(event, "aliases (*name) are not supported: write the value out");
        }
        if (event instanceof NodeEvent node && node.getAnchor().isPresent()) {
            throw new Unreadable(event, "anchors (&name) are not supported: remove it");
        }
        return switch (event) {
            case MappingStartEvent ignored -> readMapping(path, depth);
            case SequenceStartEvent ignored -> readSequence(path, depth);
            case ScalarEvent scalar -> readScalar(scalar, path);
            default -> throw new IllegalStateException("no node begins with " + event);
        };
    }

    private ObjectNode readMapping(String path, int depth) throws Unreadable {
        var mapping = nodes.objectNode();
        for (var event = events.next(); event.getEventId() != Event.ID.MappingEnd; event = events.next()) {
            if (!(event instanceof ScalarEvent key)) {
                throw new Unreadable(event, "a key must be a plain word");
            }
            var name = key.getValue();
            var place = join(path, name);
            var position = position(event);
            var first = positions.putIfAbsent(place, position);
            if (first != null) {
                problems.add(new Problem(
                        position.line(),
                        position.column(),
                        place,
                        "is written twice, first in line " + first.line() + ": remove one of them"));
            }
            mapping.set(name, readNode(events.next(), place, depth + 1));
        }
        return mapping;
    }

    private ArrayNode readSequence(String path, int depth) throws Unreadable {
        var sequence = nodes.arrayNode();
        for (var event = events.next(); event.getEventId() != Event.ID.SequenceEnd; event = events.next()) {
            var place = path + "[" + sequence.size() + "]";
            positions.putIfAbsent(place, position(event));
            sequence.add(readNode(event, place, depth + 1));
        }
        return sequence;
    }

    private JsonNode readScalar(ScalarEvent scalar, String path) throws Unreadable {
        var text = scalar.getValue();
        if (text.length() > LONGEST && !path.endsWith(BODY)) {
            throw new Unreadable(
                    scalar, "is longer than %,d characters: nothing but the body of a probe may be".formatted(LONGEST));
        }
        if (scalar.getTag()
                .filter(tag -> !tag.equals("!") && !tag.equals(Tag.STR.getValue()))
                .isPresent()) {
            throw new Unreadable(scalar, "tags (" + scalar.getTag().get() + ") are not supported: remove it");
        }
        if (!scalar.isPlain() || scalar.getTag().isPresent()) {
            return nodes.stringNode(text);
        }
        var tag = new CoreSchema().getScalarResolver().resolve(text, true);
        if (tag.equals(Tag.NULL)) {
            return nodes.nullNode();
        }
        if (tag.equals(Tag.BOOL)) {
            return nodes.booleanNode(text.equalsIgnoreCase("true"));
        }
        if (tag.equals(Tag.INT) && text.matches("[-+]?[0-9]{1,9}")) {
            return nodes.numberNode(Integer.parseInt(text));
        }
        if (tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)) {
            // No key takes such a number; what matters is that it is one and not a text.
            return nodes.numberNode(0.5);
        }
        return nodes.stringNode(text);
    }

    private static Position position(Event event) {
        return new Position(line(event.getStartMark()), column(event.getStartMark()));
    }

    private static int line(Optional<Mark> mark) {
        return mark.map(Mark::getLine).orElse(0) + 1;
    }

    private static int column(Optional<Mark> mark) {
        return mark.map(Mark::getColumn).orElse(0) + 1;
    }

    private static String said(MarkedYamlEngineException e) {
        var context = e.getContext();
        return context == null ? e.getProblem() : context + ", " + e.getProblem();
    }
}
