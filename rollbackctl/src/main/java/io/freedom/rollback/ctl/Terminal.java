package io.freedom.rollback.ctl;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Where standard output goes. */
interface Terminal {
    record Size(int columns, int rows) {}

    /** A person looks at it and it can be redrawn. */
    boolean interactive();

    boolean colours();

    Size size();

    static Terminal ofThisProcess(Map<String, String> environment) {
        boolean dumb = "dumb".equals(environment.get("TERM"));
        boolean interactive = !dumb && outputIsTerminal();
        boolean colours =
                interactive && environment.getOrDefault("NO_COLOR", "").isEmpty();
        return new ProcessTerminal(interactive, colours);
    }

    @SuppressWarnings("SystemConsoleNull") // It did in JDK 22 to 24; since 25 it may be null again.
    private static boolean outputIsTerminal() {
        var output = Path.of("/proc/self/fd/1");
        try {
            // System.console() would want standard input to be a terminal too, and takes longer to say so.
            var target = Files.readSymbolicLink(output).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            var console = System.console();
            return console != null && console.isTerminal();
        }
    }

    /** Asks {@code stty}, since the window may be resized at any time. */
    record ProcessTerminal(boolean interactive, boolean colours) implements Terminal {
        private static final Size UNKNOWN = new Size(100, 40);

        @Override
        public Size size() {
            if (!interactive) {
                return UNKNOWN;
            }
            try {
                var stty = new ProcessBuilder("stty", "size")
                        .redirectInput(new File("/dev/tty"))
                        .redirectErrorStream(true)
                        .start();
                try (var output = stty.inputReader()) {
                    var words = String.valueOf(output.readLine()).split(" ", -1);
                    boolean ended = stty.waitFor(1, TimeUnit.SECONDS);
                    return ended && words.length == 2 ? parse(words) : UNKNOWN;
                }
            } catch (IOException e) {
                return UNKNOWN;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return UNKNOWN;
            }
        }

        private static Size parse(String[] rowsAndColumns) {
            try {
                int rows = Integer.parseInt(rowsAndColumns[0]);
                int columns = Integer.parseInt(rowsAndColumns[1]);
                return rows > 0 && columns > 0 ? new Size(columns, rows) : UNKNOWN;
            } catch (NumberFormatException e) {
                return UNKNOWN;
            }
        }
    }
}
