package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.engine.ContainerDetails;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListeningTest {
    private static final String ID = "4f0c1d";
    private static final String HEADER = "  sl  local_address rem_address   st tx_queue rx_queue\n";
    /** The engine's name server listens in every container, on any port. */
    private static final String NAME_SERVER = "   0: 0B00007F:9C41 00000000:0000 0A 00000000:00000000\n";

    private static final String PORT_8000 = "   1: 00000000:1F40 00000000:0000 0A 00000000:00000000\n";
    private static final String TO_8000 = "   1: 0100007F:1F40 0100007F:D431 01 00000000:00000000\n";

    @TempDir
    private Path proc;

    @BeforeEach
    void process() throws IOException {
        Files.createDirectories(proc.resolve("77/net"));
        Files.writeString(proc.resolve("77/cgroup"), "0::/system.slice/docker-" + ID + ".scope\n");
    }

    private boolean possible(String tcp, long pid, Set<Integer> ports) throws IOException {
        Files.writeString(proc.resolve("77/net/tcp"), HEADER + tcp);
        var details = new ContainerDetails(
                "running", 0, 0, "", "", "", "no", "", pid, ports, false, List.of(), List.of(), false, List.of());
        return Listening.isPossible(proc, ID, details);
    }

    @Test
    void isNotWhereNoneOfItsPortsIsListenedOn() throws IOException {
        assertThat(possible(NAME_SERVER + TO_8000, 77, Set.of(8000))).isFalse();
    }

    @Test
    void isWhereOneOfItsPortsIs() throws IOException {
        assertThat(possible(NAME_SERVER + PORT_8000, 77, Set.of(443, 8000))).isTrue();
    }

    @Test
    void isWhereThatCannotBeTold() throws IOException {
        assertThat(possible(NAME_SERVER, 77, Set.of())).as("no ports").isTrue();
        assertThat(possible(NAME_SERVER, 78, Set.of(8000)))
                .as("no such process")
                .isTrue();
        Files.writeString(proc.resolve("77/cgroup"), "0::/\n");
        assertThat(possible(NAME_SERVER, 77, Set.of(8000)))
                .as("a process of another container")
                .isTrue();
    }
}
