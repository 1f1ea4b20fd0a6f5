package io.freedom.rollback.health;

import io.freedom.rollback.worker.Expression;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Which log lines are errors: those that match an error pattern and no pattern to ignore. */
record LogRules(List<Expression> errors, List<Expression> ignored) {
    /** Characters of a line that are looked at: services log whole documents on one line. */
    static final int LOOKED_AT = 4096;

    private static final Pattern COLOURS = Pattern.compile("\\x1b\\[[0-9;]*[A-Za-z]");

    static LogRules compile(List<String> errors, List<String> ignored) throws StepFailure {
        return new LogRules(compile("error pattern", errors), compile("ignore pattern", ignored));
    }

    /** The part of a raw line that the patterns see. */
    static String readable(String line) {
        var cut = line.substring(0, Math.min(LOOKED_AT, line.length()));
        return COLOURS.matcher(cut).replaceAll("");
    }

    boolean isError(String readable) throws StepFailure {
        return anyIn(errors, readable) && !anyIn(ignored, readable);
    }

    private static boolean anyIn(List<Expression> expressions, String line) throws StepFailure {
        for (var expression : expressions) {
            if (expression.foundIn(line)) {
                return true;
            }
        }
        return false;
    }

    private static List<Expression> compile(String purpose, List<String> sources) throws StepFailure {
        var compiled = new ArrayList<Expression>();
        for (var source : sources) {
            compiled.add(Expression.compile(purpose, source));
        }
        return List.copyOf(compiled);
    }
}
