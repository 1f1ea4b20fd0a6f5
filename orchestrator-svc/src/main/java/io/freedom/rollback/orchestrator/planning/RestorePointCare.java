package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.schemas.step.Phase;
import java.util.Objects;

/** What is about restore points, and what rollbacks have left behind. Nothing of the platform is touched. */
final class RestorePointCare {
    private RestorePointCare() {}

    /** Whether one is still as it was taken, and can be restored. */
    static void check(PlanDraft plan) {
        var point = Objects.requireNonNull(plan.request.restorePoint());
        var database = plan.request.database();
        plan.phase(Phase.ASSESS);
        // Without the dump's own reader, which would need the platform's server: the trial reads it anyway.
        plan.add(plan.backup.readBack(point));
        if (database != null) {
            plan.add(plan.backup.prove(point, database).after("backup.verify-restore-point"));
        }
    }

    /** One more, of a moment. It is held: retention would count it among those of its time. */
    static void derive(PlanDraft plan) {
        var database = Objects.requireNonNull(plan.request.database());
        plan.phase(Phase.PRESERVE);
        var moment = Objects.requireNonNull(plan.request.moment());
        var store = plan.request.platform().backups().store();
        if (store == null) {
            plan.add(plan.backup.derive(database, moment));
        } else {
            plan.add(plan.backup.fetchWal(store, moment));
            plan.add(plan.backup.derive(database, moment).after("backup.fetch-wal"));
        }
        plan.add(plan.backup.manifest().after("backup.derive").with("backup.derive"));
        plan.add(plan.backup.readBackOwn().after("backup.manifest"));
        plan.add(plan.backup.hold().after("backup.verify").dispensable());
    }

    /** Whether any moment can be derived. */
    static void recover(PlanDraft plan) {
        plan.phase(Phase.ASSESS);
        plan.add(plan.backup.proveWal(Objects.requireNonNull(plan.request.database())));
    }

    /** One is not removed for a while, whatever retention says. */
    static void hold(PlanDraft plan) {
        plan.phase(Phase.ASSESS);
        plan.add(plan.backup.hold(Objects.requireNonNull(plan.request.restorePoint())));
    }

    /** Those go that retention does not keep, without another being taken. */
    static void prune(PlanDraft plan) {
        plan.phase(Phase.ASSESS);
        plan.add(plan.backup.prune(plan.request.surplus()));
    }

    /** What a rollback has replaced goes for good. */
    static void accept(PlanDraft plan) {
        plan.phase(Phase.FINISH);
        plan.add(plan.backup.dropReplaced(
                Objects.requireNonNull(plan.request.database()), Objects.requireNonNull(plan.request.asked())));
    }

    /** What restore points there are, for a control plane that does not know. */
    static void find(PlanDraft plan) {
        plan.phase(Phase.ASSESS);
        var store = plan.request.platform().backups().store();
        if (store == null) {
            plan.add(plan.backup.find());
            return;
        }
        var wanted = plan.request.asked();
        var fetch = plan.backup.fetch(store, wanted);
        // Those on disk are learnt of whether or not the store is reached; one that was asked for must come.
        plan.add(wanted == null ? fetch.dispensable() : fetch);
        plan.add(plan.backup.find().after("backup.fetch"));
    }
}
