package io.freedom.rollback.acceptance;

import java.util.List;
import java.util.Locale;

/**
 * What is killed, and when.
 *
 * @param victim one of {@link ChaosLab#VICTIMS}
 * @param step of the full rollback
 */
record ChaosCell(String victim, Moment moment, String step) {
    enum Moment {
        /** It was sent to a worker. */
        BEFORE,
        /** Half of the time that it usually takes after a worker has begun it. */
        AMID,
        /** The orchestrator knows that it is done. */
        AFTER
    }

    /**
     * How it ended.
     *
     * @param outcome of the rollback; what kept it from one otherwise
     * @param attempts of steps beyond the first
     * @param took milliseconds
     * @param downtime milliseconds without service
     * @param faults what is not as it has to be; empty when all is right
     */
    record Ending(String outcome, long attempts, long took, long downtime, List<String> faults) {
        static Ending none(String fault) {
            return new Ending("none", 0, 0, 0, List.of(fault));
        }

        String row(ChaosCell cell) {
            return "| %s | %s %s | %s | +%d | %.1f s | %.1f s | %s |"
                    .formatted(
                            cell.victim(),
                            cell.moment().name().toLowerCase(Locale.ROOT),
                            cell.step(),
                            outcome,
                            attempts,
                            took / 1000.0,
                            downtime / 1000.0,
                            faults.isEmpty()
                                    ? "yes"
                                    : "NO: " + String.join("; ", faults).replace("\n", " / "));
        }
    }

    /** @param text as {@code engine:amid:container.down} */
    static ChaosCell parse(String text) {
        var parts = text.split(":", 3);
        return new ChaosCell(parts[0], Moment.valueOf(parts[1].toUpperCase(Locale.ROOT)), parts[2]);
    }

    @Override
    public String toString() {
        return victim + " killed " + moment.name().toLowerCase(Locale.ROOT) + " " + step;
    }
}
