package io.freedom.rollback.engine;

import java.util.List;
import java.util.Set;

/**
 * What only an inspection tells.
 *
 * @param exitCode of the last run; 0 while running
 * @param restarts how often the engine started it again by itself since somebody had started it
 * @param createdAt as the engine writes it
 * @param startedAt as the engine writes it; changes with every start
 * @param finishedAt end of the last run as the engine writes it; year 1 for none
 * @param restartPolicy no, always, unless-stopped or on-failure
 * @param error why it could not be started; empty for none
 * @param pid its first process, as the engine's machine counts; 0 while it does not run
 * @param ports TCP ports on which it says it listens
 * @param publishes whether ports of the machine lead to it while it runs
 * @param binds files and folders of the host that are mounted into it
 * @param mounts all that is mounted into it
 * @param readOnly whether nothing can be written but where something is mounted
 * @param healthCheck arguments of its own health check, to be run inside; empty when it has none
 */
public record ContainerDetails(
        String state,
        long exitCode,
        int restarts,
        String createdAt,
        String startedAt,
        String finishedAt,
        String restartPolicy,
        String error,
        long pid,
        Set<Integer> ports,
        boolean publishes,
        List<Bind> binds,
        List<Mount> mounts,
        boolean readOnly,
        List<String> healthCheck) {
    public ContainerDetails {
        ports = Set.copyOf(ports);
        binds = List.copyOf(binds);
        mounts = List.copyOf(mounts);
        healthCheck = List.copyOf(healthCheck);
    }

    /** A path of the host, and whether the container may write to it. */
    public record Bind(String source, boolean writable) {}

    /**
     * Where something is mounted.
     *
     * @param destination absolute path inside
     * @param volume name of the volume; empty for what is none
     * @param source path or volume on the engine's machine
     */
    public record Mount(String destination, String volume, String source, boolean writable) {}
}
