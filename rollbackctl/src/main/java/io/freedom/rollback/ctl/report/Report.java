package io.freedom.rollback.ctl.report;

import io.freedom.rollback.schemas.history.HistoryEvent;
import io.freedom.rollback.schemas.status.RollbackState;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One rollback as a person reads about it afterwards. Texts are plain: whoever renders them escapes them.
 *
 * @param asOf when it was made, which is where an unfinished rollback's bars end
 * @param zone in which all moments are written
 */
public record Report(
        Headline headline,
        List<Figure> figures,
        Losses losses,
        Timeline timeline,
        List<Point> checklist,
        List<Decision> decisions,
        List<Version> versions,
        List<Trouble> troubles,
        List<Undoing> undoing,
        List<Afterwards> afterwards,
        Proof proof,
        Instant asOf,
        ZoneId zone) {

    /**
     * @param startedBy the incident, or the operator with their reason
     * @param continues rollback that led to this one, having looked or made its restore point; null for none
     * @param continuedBy rollback that this one led to; null for none
     */
    public record Headline(
            String rollbackId,
            String platform,
            String scenario,
            @Nullable String target,
            RollbackState state,
            String outcome,
            String reason,
            String startedBy,
            Instant startedAt,
            @Nullable Instant finishedAt,
            @Nullable String continues,
            @Nullable String continuedBy) {}

    /** What was aimed at and what came of it. */
    public record Figure(String name, String target, String actual, String verdict, Mark mark) {}

    /**
     * @param target the recovery point objective
     * @param recoveryPoint what became of committed data, in one sentence
     * @param evidence why that is known
     * @param givenUp what is not in place any more, each with where it is kept
     */
    public record Losses(Mark mark, String target, String recoveryPoint, List<String> evidence, List<String> givenUp) {}

    /** @param end of the axis */
    public record Timeline(
            Instant start, Instant end, @Nullable Span down, List<Lane> lanes) {}

    /** @param to null while it lasts */
    public record Span(Instant from, @Nullable Instant to) {}

    /** One phase, or all undoing; its colour is told by {@code kind}. */
    public record Lane(String name, LaneKind kind, List<Row> rows) {}

    public enum LaneKind {
        ASSESS,
        PRESERVE,
        SHUT_DOWN,
        REVERT,
        RECOVER,
        VALIDATE,
        FINISH,
        UNDO
    }

    /**
     * One step; without bars when it was never begun.
     *
     * @param expected what it took before; null where that was not known
     */
    public record Row(
            String stepId,
            String title,
            Mark mark,
            String result,
            List<Bar> bars,
            @Nullable Duration expected) {
        public Optional<Duration> took(Instant asOf) {
            return bars.isEmpty()
                    ? Optional.empty()
                    : Optional.of(Duration.between(
                            bars.getFirst().from(), bars.getLast().endsAt(asOf)));
        }
    }

    /** One attempt. */
    public record Bar(int attempt, Instant from, @Nullable Instant to, boolean failed, String text) {
        public Instant endsAt(Instant asOf) {
            return to == null ? asOf : to;
        }
    }

    /** One line of the runbook's validation checklist. */
    public record Point(int number, String name, Mark mark, List<String> evidence) {}

    public record Decision(Instant at, String who, String what, String why) {}

    public record Version(String of, String before, String after) {}

    /** @param then what followed from it */
    public record Trouble(Instant at, String step, int attempt, String kind, String message, String then) {}

    public record Undoing(String stepId, String title, Mark mark, String result) {}

    /** What followed the rollback: the watch for a relapse, and what people are to do. */
    public record Afterwards(Instant at, Mark mark, String what) {}

    /** @param problems what is wrong with the chain, empty when it is as it was written */
    public record Proof(long events, String lastHash, List<String> problems) {
        public boolean holds() {
            return problems.isEmpty();
        }
    }

    /**
     * From the history topic; events of other rollbacks may be among them.
     *
     * @throws IllegalArgumentException when the rollback's first event is not there
     */
    public static Report of(String rollbackId, List<HistoryEvent> history, Instant now, ZoneId zone) {
        var chronicle = Chronicle.of(rollbackId, history, now);
        var words = new Words(zone);
        return new Report(
                Headlines.of(chronicle, history, words),
                Figures.of(chronicle),
                new DataLoss(chronicle, words).losses(),
                Timelines.of(chronicle),
                new Checklist(chronicle, words).points(),
                Decisions.of(chronicle, history, words),
                new Versions(chronicle).all(),
                Troubles.of(chronicle),
                Undoings.of(chronicle),
                Aftermath.of(chronicle, history, words),
                ChainCheck.of(chronicle.events()),
                now,
                zone);
    }
}
