package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Duration;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What all looks of a kind have in common.
 *
 * @param name of what is looked after, such as {@code the logs}
 * @param step of the commands; no plan has such a step
 * @param patience the time of one look
 * @param setting below {@code backups} of the descriptor; ids of looks begin with it
 * @param answer what a worker answers
 * @param of what is kept between looks; null where it is not looked after
 */
record Kind<S, A>(
        String name,
        String step,
        Worker worker,
        Duration patience,
        String setting,
        Class<A> answer,
        Function<PlatformState, @Nullable S> of,
        BiFunction<PlatformState, @Nullable S, PlatformState> with) {}
