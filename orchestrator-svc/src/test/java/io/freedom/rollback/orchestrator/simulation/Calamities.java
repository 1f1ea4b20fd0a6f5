package io.freedom.rollback.orchestrator.simulation;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What goes wrong, until it does no more. Each world has some kinds of it, so that not all drown in the same one. */
final class Calamities {
    enum Kind {
        ORCHESTRATOR_DIES,
        ORCHESTRATOR_STANDS_STILL,
        WORKER_DIES,
        WORKER_IS_CUT_OFF,
        WORKER_STANDS_STILL,
        /** Long after others have taken its work over. */
        ZOMBIE_COMES_BACK,
        CLOCKS_JUMP_FAR,
        PARTITIONS_MOVE,
        CLOCKS_JUMP,
        BROKER_IS_SLOW,
        RECORDS_COME_TWICE,
        STEPS_FAIL
    }

    /** So few kinds are all meant. */
    private static final int FEW = 4;

    private static final int NORMAL = 20;
    /** Less than what silence is taken for death after. */
    private static final int SLOW = 2_500;

    /** Less, from one end to the other, than a worker that is told to stop is waited for. */
    private static final int JUMP = 25_000;

    private static final int FAR_JUMP = 600_000;

    /** Less than what the broker takes a worker for dead after. */
    private static final int SHORT = 5_000;

    private static final int LONG = 40_000;

    static final Set<Kind> ALL = EnumSet.allOf(Kind.class);

    private final VirtualTime time;
    private final Chance chance;
    private final Trace trace;
    private final Broker broker;
    private final Fleet fleet;
    private final List<Orchestrator> orchestrators;
    private final Set<Kind> kinds;
    private final long until;

    Calamities(
            VirtualTime time,
            Chance chance,
            Trace trace,
            Broker broker,
            Fleet fleet,
            List<Orchestrator> orchestrators,
            Set<Kind> possible,
            long until) {
        this.time = time;
        this.chance = chance;
        this.trace = trace;
        this.broker = broker;
        this.fleet = fleet;
        this.orchestrators = orchestrators;
        this.until = until;
        kinds = EnumSet.noneOf(Kind.class);
        for (var kind : possible) {
            if (possible.size() <= FEW || chance.percent(40)) {
                kinds.add(kind);
            }
        }
    }

    void begin() {
        trace.say("calamities", () -> kinds + " until " + until / 1000 + " s");
        var often = chance.between(1_000, 15_000);
        next(often);
        time.in(until, this::end);
    }

    boolean over() {
        return time.now() >= until;
    }

    private boolean strikes(Kind kind, int percent) {
        return !over() && kinds.contains(kind) && chance.percent(percent);
    }

    boolean stepsFail(boolean undoing) {
        return strikes(Kind.STEPS_FAIL, undoing ? 10 : 8);
    }

    boolean strikeLong() {
        return kinds.contains(Kind.ZOMBIE_COMES_BACK);
    }

    boolean doubles() {
        return strikes(Kind.RECORDS_COME_TWICE, 15);
    }

    private void next(int often) {
        time.in(chance.between(1, often), () -> {
            if (!over()) {
                if (!kinds.isEmpty()) {
                    strike(chance.of(List.copyOf(EnumSet.copyOf(kinds))));
                }
                next(often);
            }
        });
    }

    private void strike(Kind kind) {
        var member = chance.of(fleet.members());
        var orchestrator = chance.of(orchestrators);
        switch (kind) {
            case ORCHESTRATOR_DIES -> {
                if (orchestrator.isUp()) {
                    orchestrator.crash();
                    time.in(chance.between(10, 10_000), orchestrator::start);
                }
            }
            case ORCHESTRATOR_STANDS_STILL -> {
                if (orchestrator.isUp()) {
                    orchestrator.freeze();
                    time.in(chance.between(10, 8_000), orchestrator::thaw);
                }
            }
            case WORKER_DIES -> {
                if (member.isConnected()) {
                    fleet.crash(member);
                    time.in(chance.between(10, 25_000), () -> fleet.start(member));
                }
            }
            case WORKER_IS_CUT_OFF -> away(member, false, SHORT);
            case WORKER_STANDS_STILL -> away(member, true, SHORT);
            case ZOMBIE_COMES_BACK -> away(member, chance.oneIn(2), LONG);
            case PARTITIONS_MOVE -> fleet.rebalance();
            case CLOCKS_JUMP -> jump(chance.oneIn(2) ? member.clock : orchestrator.clock, JUMP);
            case CLOCKS_JUMP_FAR -> jump(orchestrator.clock, FAR_JUMP);
            case BROKER_IS_SLOW -> {
                broker.slow(chance.between(NORMAL, SLOW));
                time.in(chance.between(100, 15_000), () -> broker.slow(NORMAL));
            }
            case RECORDS_COME_TWICE, STEPS_FAIL -> {} // now and then, not at a moment
        }
    }

    private void jump(Machine.Clock clock, int farthest) {
        clock.ahead = chance.between(-farthest, farthest);
        trace.say("calamities", () -> "a clock jumps to " + clock.ahead + " ms ahead");
    }

    private void away(Fleet.Member member, boolean standsStill, int longest) {
        if (!member.isConnected()) {
            return;
        }
        if (standsStill) {
            fleet.freeze(member);
        } else {
            fleet.cutOff(member);
        }
        time.in(chance.between(100, longest), () -> {
            if (member.isUp() && !member.isConnected()) {
                fleet.reconnect(member);
            }
        });
    }

    /** All is well again, but for what has come of it. What had been struck comes back by itself. */
    private void end() {
        trace.say("calamities", () -> "end");
        broker.slow(NORMAL);
        var clocks = new ArrayList<Machine.Clock>();
        fleet.members().forEach(member -> clocks.add(member.clock));
        orchestrators.forEach(orchestrator -> clocks.add(orchestrator.clock));
        clocks.forEach(clock -> clock.ahead = 0);
    }
}
