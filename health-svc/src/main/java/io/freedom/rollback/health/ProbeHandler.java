package io.freedom.rollback.health;

import io.freedom.rollback.schemas.action.CheckEndToEnd;
import io.freedom.rollback.schemas.action.CheckModel;
import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.ProbeOutcome;
import io.freedom.rollback.schemas.action.ProbesPassed;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

/** The three actions that expect something of HTTP services; they differ in which and how many. */
record ProbeHandler<A extends SpecificRecord>(Class<A> action, Function<A, List<HttpProbe>> probes, HttpProber prober)
        implements StepHandler<A> {

    static List<StepHandler<?>> all(HttpProber prober) {
        return List.of(
                new ProbeHandler<>(ProbeHttp.class, ProbeHttp::getProbes, prober),
                new ProbeHandler<>(CheckModel.class, check -> List.of(check.getProbe()), prober),
                new ProbeHandler<>(CheckEndToEnd.class, check -> List.of(check.getProbe()), prober));
    }

    @Override
    public Completed execute(A action, StepContext step) throws StepFailure, InterruptedException {
        var outcomes = prober.run(probes.apply(action), step);
        return new Completed(new ProbesPassed(outcomes), detail(outcomes));
    }

    private static String detail(List<ProbeOutcome> outcomes) {
        return switch (outcomes.size()) {
            case 0 -> "the platform describes no probes: nothing was checked";
            case 1 ->
                outcomes.getFirst().getName() + " answers in "
                        + outcomes.getFirst().getTook() + " ms: "
                        + outcomes.getFirst().getSample();
            default -> {
                var slowest = outcomes.stream()
                        .max(Comparator.comparingLong(ProbeOutcome::getTook))
                        .orElseThrow();
                yield "all " + outcomes.size() + " probes hold, the slowest (" + slowest.getName() + ") in "
                        + slowest.getTook() + " ms";
            }
        };
    }
}
