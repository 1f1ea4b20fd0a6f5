package io.freedom.rollback.platform;

import java.util.List;
import java.util.stream.Collectors;

/** A descriptor that cannot be used; the message is one line for each problem. */
public final class InvalidDescriptorException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    InvalidDescriptorException(String sourceName, List<Problem> problems) {
        super(problems.stream().map(p -> p.render(sourceName)).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** In the order of the file; never empty. */
    public List<Problem> problems() {
        return problems;
    }
}
