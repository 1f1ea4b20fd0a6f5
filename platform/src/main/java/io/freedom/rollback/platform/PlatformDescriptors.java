package io.freedom.rollback.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** From the text of a platform.yaml to a descriptor, or to everything that is wrong with it. */
public final class PlatformDescriptors {
    /** Largest descriptor read, bytes. */
    static final int LIMIT = 256 << 10;

    private PlatformDescriptors() {}

    /**
     * @param sourceName file name for the messages, e.g. {@code platform.yaml}
     * @throws InvalidDescriptorException with all problems at once
     */
    public static PlatformDescriptor parse(String yaml, String sourceName) throws InvalidDescriptorException {
        var document = read(yaml, sourceName);
        var problems = new ArrayList<>(document.problems());
        // A rule of our own says more than the schema does about the same place, so it goes first.
        problems.addAll(Rules.check(document));
        problems.addAll(SchemaCheck.check(document));
        if (!problems.isEmpty()) {
            throw new InvalidDescriptorException(sourceName, onePerPlace(problems));
        }
        return DescriptorMapper.map(document.root());
    }

    /** The published JSON Schema of a platform.yaml, as its file has it. */
    public static String schema() {
        try (var stream = PlatformDescriptors.class.getResourceAsStream("/platform.schema.json")) {
            var bytes = Objects.requireNonNull(stream, "platform.schema.json is part of this module")
                    .readAllBytes();
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SHA-256 of the text, hex: which version of a descriptor a plan was compiled from. */
    public static String hash(String yaml) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(yaml.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    private static YamlDocument read(String yaml, String sourceName) throws InvalidDescriptorException {
        int size = yaml.getBytes(StandardCharsets.UTF_8).length;
        if (size > LIMIT) {
            var message = "the descriptor has " + size + " bytes, more than the " + LIMIT
                    + " allowed: is this really a platform.yaml?";
            throw new InvalidDescriptorException(sourceName, List.of(new Problem(1, 1, "", message)));
        }
        try {
            return YamlDocument.read(yaml);
        } catch (YamlDocument.Unreadable e) {
            throw new InvalidDescriptorException(sourceName, List.of(e.problem));
        }
    }

    private static List<Problem> onePerPlace(List<Problem> problems) {
        var seen = new HashSet<String>();
        return problems.stream()
                .filter(p -> seen.add(p.line() + ":" + p.column() + ":" + p.path()))
                .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                .toList();
    }
}
