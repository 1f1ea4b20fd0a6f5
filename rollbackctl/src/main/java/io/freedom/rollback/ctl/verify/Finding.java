package io.freedom.rollback.ctl.verify;

import org.jspecify.annotations.Nullable;

/**
 * Something that does not hold.
 *
 * @param rollback null where it is about the platform itself
 * @param problem what is wrong
 * @param advice what to do
 */
public record Finding(String platform, @Nullable String rollback, String problem, String advice) {
    static Finding broken(String platform, @Nullable String rollback, String problem, String topic) {
        return new Finding(
                platform,
                rollback,
                problem,
                "do not rely on what " + topic
                        + " says of it: find out who may write to that topic, or has restored it,"
                        + " and compare it with a copy");
    }

    static Finding impossible(String platform, String rollback, String problem) {
        return new Finding(
                platform,
                rollback,
                problem,
                "its hashes are right, so an orchestrator wrote it, perhaps of another release, or somebody who can compute"
                        + " them: report it with `rollbackctl history " + rollback + " --output json`");
    }

    static Finding statusDiffers(String platform, String rollback, String problem) {
        return new Finding(
                platform,
                rollback,
                problem,
                "`rollbackctl history " + rollback
                        + "` tells what happened, the status does not: it was altered or lost, or"
                        + " written by a release that words it otherwise");
    }

    static Finding storeDiffers(String platform, @Nullable String rollback, String problem) {
        return new Finding(
                platform,
                rollback,
                problem,
                "the orchestrator goes by its store: pause what runs on " + platform
                        + " and start, approve and undo nothing there until somebody has looked, and report it");
    }
}
