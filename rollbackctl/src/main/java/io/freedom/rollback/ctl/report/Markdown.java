package io.freedom.rollback.ctl.report;

import java.util.List;
import java.util.stream.Collectors;

/** Text and tables for Markdown (GitHub's), in which nothing that a name or a message holds is markup. */
final class Markdown {
    private static final String SPECIAL = "\\`*_[]|~#";

    private Markdown() {}

    /** One line. */
    static String text(String text) {
        var out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                default -> {
                    if (SPECIAL.indexOf(c) >= 0) {
                        out.append('\\');
                    }
                    out.appendCodePoint(Html.isVisible(c) ? c : ' ');
                }
            }
        });
        return out.toString().strip();
    }

    static String head(String... columns) {
        return "| " + String.join(" | ", columns) + " |\n|" + "---|".repeat(columns.length) + "\n";
    }

    /** Cells as they are: escape them first. */
    static String row(List<String> cells) {
        return "| " + String.join(" | ", cells) + " |\n";
    }

    static String lines(List<String> texts) {
        return texts.stream().map(Markdown::text).collect(Collectors.joining("<br>"));
    }
}
