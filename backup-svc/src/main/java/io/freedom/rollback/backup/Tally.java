package io.freedom.rollback.backup;

import io.freedom.rollback.worker.StepContext;
import java.util.ArrayList;
import java.util.List;

/** Counts what a copy has taken, reports it, and keeps what an operator should know about it. */
final class Tally {
    private static final int NAMED = 5;

    private final StepContext step;
    private final List<String> changed = new ArrayList<>();
    private final List<String> left = new ArrayList<>();
    private int files;
    private int same;
    private long sameBytes;
    private long bytes;

    Tally(StepContext step) {
        this.step = step;
    }

    int files() {
        return files;
    }

    /** Of content, whether it was read or known. */
    long bytes() {
        return bytes + sameBytes;
    }

    /** Called for each piece, so that a long copy can be cancelled within. */
    void read(long piece, String name) {
        bytes += piece;
        step.checkpoint();
        step.progress(bytes, 0, "bytes", name);
    }

    /** Takes back the bytes of a file that is read again. */
    void forget(long read) {
        bytes -= read;
    }

    void took() {
        files++;
    }

    /** Not read, since it is known. */
    void unchanged(long size) {
        same++;
        sameBytes += size;
        step.checkpoint();
    }

    void changedWhileRead(String name) {
        changed.add(name);
    }

    void leftOut(String name, String why) {
        left.add(name + " (" + why + ")");
    }

    String detail(String what) {
        return "%d %s, %s".formatted(files, what, Disk.size(bytes + sameBytes)) + notes();
    }

    /** What was not read, or not as it should. */
    String notes() {
        var text = "";
        if (same > 0) {
            text += ", %s of %d unchanged ones not read again".formatted(Disk.size(sameBytes), same);
        }
        if (!changed.isEmpty()) {
            text += "; changed while being read, so perhaps torn: " + some(changed);
        }
        return left.isEmpty() ? text : text + "; left out: " + some(left);
    }

    private static String some(List<String> names) {
        var shown = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
        return names.size() > NAMED ? shown + " and " + (names.size() - NAMED) + " more" : shown;
    }
}
