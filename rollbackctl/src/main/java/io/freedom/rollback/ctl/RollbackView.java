package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.view.ChangeLog;
import io.freedom.rollback.ctl.view.Json;
import io.freedom.rollback.ctl.view.Style;
import io.freedom.rollback.ctl.view.WatchFrame;
import io.freedom.rollback.schemas.status.RollbackStatus;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shows a rollback while it runs. */
sealed interface RollbackView {
    /**
     * Called for each snapshot, and twice a second in between.
     *
     * @param silence how long no broker has answered; zero while one does
     */
    void show(RollbackStatus status, Instant now, Duration silence);

    /** Leaves the terminal as it was. May be called from another thread, when the operator presses Ctrl-C. */
    void end();

    /** Nothing. */
    final class Silent implements RollbackView {
        @Override
        public void show(RollbackStatus status, Instant now, Duration silence) {}

        @Override
        public void end() {}
    }

    /** A picture that is drawn over and over. */
    final class Live implements RollbackView {
        private static final String HIDE_CURSOR = "\u001b[?25l";
        private static final String SHOW_CURSOR = "\u001b[?25h";

        private final PrintWriter out;
        private final Terminal terminal;
        private final Style style;
        private int drawn;
        private boolean begun;

        Live(PrintWriter out, Terminal terminal, Style style) {
            this.out = out;
            this.terminal = terminal;
            this.style = style;
        }

        @Override
        public void show(RollbackStatus status, Instant now, Duration silence) {
            var size = terminal.size();
            var trouble = silence.isZero() ? List.<String>of() : WatchFrame.away(silence, size.columns(), style);
            var lines = new ArrayList<>(
                    WatchFrame.lines(status, now, size.columns(), size.rows() - 1 - trouble.size(), style));
            lines.addAll(trouble);
            draw(lines);
        }

        private synchronized void draw(List<String> lines) {
            var frame = new StringBuilder(begun ? "" : HIDE_CURSOR);
            if (drawn > 0) {
                frame.append("\u001b[").append(drawn).append('A');
            }
            // Each line is cleared behind its text, and what is below at the end: nothing flickers.
            lines.forEach(line -> frame.append('\r').append(line).append("\u001b[K\n"));
            out.print(frame.append("\u001b[J"));
            out.flush();
            drawn = lines.size();
            begun = true;
        }

        @Override
        public synchronized void end() {
            out.print(SHOW_CURSOR);
            out.flush();
        }
    }

    /** One line for each change: for logs and pipes. */
    final class Log implements RollbackView {
        private final PrintWriter out;
        private final ChangeLog log;
        private boolean away;

        Log(PrintWriter out, ChangeLog log) {
            this.out = out;
            this.log = log;
        }

        @Override
        public void show(RollbackStatus status, Instant now, Duration silence) {
            if (away == silence.isZero()) {
                away = !away;
                out.println(away ? WatchFrame.away(silence) : "Kafka answers again");
            }
            log.next(status, now).forEach(out::println);
            out.flush();
        }

        @Override
        public void end() {
            out.flush();
        }
    }

    /** Each snapshot as it is. */
    final class JsonLines implements RollbackView {
        private final PrintWriter out;
        private @Nullable RollbackStatus last;

        JsonLines(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void show(RollbackStatus status, Instant now, Duration silence) {
            if (!status.equals(last)) {
                out.println(Json.of(status));
                out.flush();
            }
            last = status;
        }

        @Override
        public void end() {
            out.flush();
        }
    }
}
