package io.freedom.rollback.orchestrator.aftercare;

import io.freedom.rollback.orchestrator.notices.Notice;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.schemas.state.PlatformState;
import io.freedom.rollback.schemas.step.StepCancelled;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import io.freedom.rollback.schemas.step.StepEvent;
import io.freedom.rollback.schemas.step.Worker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * Something of a platform that a worker looks after now and then, whatever else runs, one look at a time. A look that fails is no news, the
 * second one is: the history and people are told once, and the history once that it is well again.
 *
 * @param <S> what is kept of it between looks, with the fields of {@link Turns}
 * @param <A> what a worker answers
 */
public abstract class Care<S extends SpecificRecordBase, A> {
    /** Looks that fail, one after the other, before it is said: what is restarted is no news. */
    static final int SURE = 2;

    private final Kind<S, A> kind;

    Care(Kind<S, A> kind) {
        this.kind = kind;
    }

    /**
     * What a look came to.
     *
     * @param answer null where nobody knows more than before
     * @param fault null where all is well
     */
    record Found<A>(@Nullable A answer, @Nullable String fault) {}

    public final String name() {
        return kind.name();
    }

    public final Worker worker() {
        return kind.worker();
    }

    public final @Nullable S of(PlatformState state) {
        return kind.of().apply(state);
    }

    public final PlatformState with(PlatformState state, @Nullable S kept) {
        return kind.with().apply(state, kept);
    }

    /** Before the first look. */
    abstract S begun(String id, Instant now);

    abstract boolean isWanted(PlatformDescriptor platform);

    /** Whether it is to end without a look. */
    boolean isOver(PlatformDescriptor platform) {
        return !isWanted(platform);
    }

    /** Whether the history is to say when it ends. */
    boolean isTold(S kept) {
        return true;
    }

    /** Whether the descriptor says enough for a look. */
    boolean canLook(PlatformDescriptor platform) {
        return true;
    }

    /** After a look was asked for. */
    abstract S asked(S kept, PlatformDescriptor platform);

    /** @param quiet whether something is at work on the platform */
    abstract SpecificRecord action(S kept, PlatformDescriptor platform, boolean quiet);

    /** What a worker is told once it is over; nobody waits for what it answers. Null for nothing. */
    @Nullable
    SpecificRecord last(PlatformDescriptor platform) {
        return null;
    }

    /** Null where all is well. */
    @Nullable
    String fault(A found) {
        return null;
    }

    /** How many looks have failed, after one more did while something is at work on the platform. */
    int excused(int failing) {
        return failing;
    }

    /** With what was found, and when the next look is due. */
    abstract S learned(S kept, Found<A> found);

    /** What the history is to say of what was found, other than that it fails. */
    abstract Change<S> news(S before, S after, Found<A> found);

    /** After the history has said that it fails. */
    abstract S failing(S kept);

    /** @param ended because nobody wants it any more */
    abstract SpecificRecord interrupted(S kept, String why, boolean ended);

    abstract @Nullable Notice notice(S kept, String platform, String why);

    /** Of a platform that is registered, perhaps anew: a look is due. */
    public final PlatformState planned(PlatformState state, Optional<PlatformDescriptor> platform, Instant now) {
        var kept = of(state);
        if (kept != null) {
            return with(state, Turns.of(kept).due(now).in(kept));
        }
        var id = kind.setting() + "-" + state.getPlatform() + "-" + now.getEpochSecond();
        return platform.filter(this::isWanted).isEmpty() ? state : with(state, begun(id, now));
    }

    /** Empty where it is not its turn. */
    public final Optional<Change<S>> tick(S kept, PlatformDescriptor platform, boolean quiet, Instant now) {
        if (!canLook(platform)) {
            return Optional.empty();
        }
        var turns = Turns.of(kept);
        if (isOver(platform)) {
            var ended = ended(kept);
            var last = last(platform);
            return Optional.of(
                    last == null
                            ? ended
                            : new Change<>(
                                    ended.kept(),
                                    ended.facts(),
                                    null,
                                    turns.asked(now).look(platform, kind.step(), last, kind.patience())));
        }
        if (turns.isUnanswered(kind.patience(), now)) {
            var fault = "no " + kind.worker().name().toLowerCase(Locale.ROOT) + " worker of its site answers";
            return Optional.of(heard(kept, platform.name(), new Found<>(null, fault), quiet));
        }
        if (!turns.isDue(now)) {
            return Optional.empty();
        }
        var look = turns.asked(now);
        var asked = asked(look.in(kept), platform);
        var command = look.look(platform, kind.step(), action(asked, platform, quiet), kind.patience());
        return Optional.of(new Change<>(asked, List.of(), null, command));
    }

    Change<S> ended(S kept) {
        var why = "the descriptor has no `backups." + kind.setting() + "` any more";
        return new Change<>(null, isTold(kept) ? List.of(interrupted(kept, why, true)) : List.of());
    }

    public final boolean isAbout(StepEvent event) {
        return event.getStepId().equals(kind.step());
    }

    /** Empty where the event is no answer to the newest look. That a worker cannot look is a fault, too. */
    public final Optional<Change<S>> heard(S kept, StepEvent event, boolean quiet) {
        if (event.getEvent() instanceof StepCancelled && Turns.of(kept).isAwaited(event)) {
            // Handed on from one worker to another: that says nothing of what was to be looked at.
            return Optional.of(new Change<>(Turns.of(kept).again().in(kept), List.of()));
        }
        return Turns.of(kept).isAwaited(event)
                ? found(event.getEvent()).map(found -> heard(kept, event.getPlatform(), found, quiet))
                : Optional.empty();
    }

    private Optional<Found<A>> found(Object event) {
        return switch (event) {
            case StepDone done
            when kind.answer().isInstance(done.getResult().getResult()) -> {
                var found = kind.answer().cast(done.getResult().getResult());
                yield Optional.of(new Found<>(found, fault(found)));
            }
            case StepError error -> Optional.of(new Found<>(null, error.getMessage()));
            default -> Optional.empty();
        };
    }

    private Change<S> heard(S before, String platform, Found<A> found, boolean quiet) {
        var turns = Turns.of(before);
        var fault = found.fault();
        int failures = fault == null ? 0 : failures(turns.failing(), quiet);
        var after = learned(turns.heard(failures).in(before), found);
        var news = news(before, after, found);
        if (fault == null || failures != SURE) {
            return news;
        }
        var facts = new ArrayList<>(news.facts());
        facts.add(interrupted(after, fault, false));
        return new Change<>(failing(after), facts, notice(after, platform, fault), null);
    }

    /** What people know of goes on being known. */
    private int failures(int before, boolean quiet) {
        return before >= SURE ? SURE + 1 : quiet ? excused(before) : before + 1;
    }
}
