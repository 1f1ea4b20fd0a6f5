package io.freedom.rollback.git;

import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Paths whose index entry says more than a tree can hold. */
record IndexFlags(List<String> intentToAdd, List<String> assumeUnchanged, List<String> skipWorktree) {
    static final IndexFlags NONE = new IndexFlags(List.of(), List.of(), List.of());

    IndexFlags {
        intentToAdd = List.copyOf(intentToAdd);
        assumeUnchanged = List.copyOf(assumeUnchanged);
        skipWorktree = List.copyOf(skipWorktree);
    }

    boolean isEmpty() {
        return paths().isEmpty();
    }

    IndexFlags only(Predicate<String> wanted) {
        return new IndexFlags(
                intentToAdd.stream().filter(wanted).toList(),
                assumeUnchanged.stream().filter(wanted).toList(),
                skipWorktree.stream().filter(wanted).toList());
    }

    List<String> paths() {
        return Stream.of(intentToAdd, assumeUnchanged, skipWorktree)
                .flatMap(List::stream)
                .toList();
    }
}
