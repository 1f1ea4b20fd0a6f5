package io.freedom.rollback.ctl.report;

/**
 * Text for HTML and SVG. Details quote other programs, and names come from other people's files: what could be markup is
 * escaped, and what could turn the text around or hide in it is shown as a space.
 */
final class Html {
    private Html() {}

    static String text(String text) {
        var out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                case '\n' -> out.append('\n');
                default -> out.appendCodePoint(isVisible(c) ? c : ' ');
            }
        });
        return out.toString();
    }

    /** Neither control, nor bidirectional override, nor half of a character. */
    static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }
}
