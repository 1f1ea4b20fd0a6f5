package io.freedom.rollback.worker;

import io.freedom.rollback.schemas.step.FailureKind;
import java.time.Duration;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** A regular expression of a platform descriptor, matched against text from outside under a time limit. */
public final class Expression {
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private final String purpose;
    private final Pattern pattern;

    private Expression(String purpose, Pattern pattern) {
        this.purpose = purpose;
        this.pattern = pattern;
    }

    /** @param purpose how the descriptor calls it, e.g. {@code "error pattern"} */
    public static Expression compile(String purpose, String source) throws StepFailure {
        try {
            return new Expression(purpose, Pattern.compile(source));
        } catch (PatternSyntaxException e) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    purpose + " `" + source + "` is not a regular expression (" + e.getDescription() + " near index "
                            + e.getIndex() + "): correct it in the platform descriptor",
                    e);
        }
    }

    public boolean foundIn(String text) throws StepFailure {
        try {
            return pattern.matcher(new WatchedText(text, System.nanoTime() + LIMIT.toNanos()))
                    .find();
        } catch (TooLong | StackOverflowError e) {
            throw new StepFailure(
                    FailureKind.INVALID,
                    purpose + " `" + pattern + "` takes too long or nests too deeply on a text of " + text.length()
                            + " characters: write it without nested repetitions in the platform descriptor",
                    e);
        }
    }

    @Override
    public String toString() {
        return pattern.pattern();
    }

    private static final class TooLong extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooLong() {
            super(null, null, false, false);
        }
    }

    /** Backtracking reads characters again and again, so that is where a runaway match can be stopped. */
    private static final class WatchedText implements CharSequence {
        private final String text;
        private final long until;
        // Not the index: a match may go back and forth within a few characters for ever.
        private int reads;

        WatchedText(String text, long until) {
            this.text = text;
            this.until = until;
        }

        @Override
        public char charAt(int index) {
            if ((++reads & 1023) == 0 && System.nanoTime() - until > 0) {
                throw new TooLong();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
