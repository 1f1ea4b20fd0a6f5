package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostPortTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "8080:80 | 8080",
                "127.0.0.1:8080:80 | 127.0.0.1:8080",
                "[::1]:8080:80 | [::1]:8080",
                "0.0.0.0:8080:80 | 8080",
                "53:53/udp | 53/udp",
                "80 | ''",
                "nonsense | ''"
            })
    void readsTheShortForm(String entry, String expected) {
        assertThat(HostPort.of(entry).stream().map(HostPort::toString))
                .isEqualTo(expected.isEmpty() ? List.of() : List.of(expected));
    }

    @Test
    void readsTheLongForm() {
        var entry = Map.of("target", 80, "published", "8080", "host_ip", "10.0.0.1", "protocol", "udp");

        assertThat(HostPort.of(entry)).containsExactly(new HostPort("10.0.0.1", 8080, "udp"));
        assertThat(HostPort.of(Map.of("target", 80))).as("the engine chooses").isEmpty();
    }

    @Test
    void readsARangeAndBoundsAnAbsurdOne() {
        assertThat(HostPort.of("8000-8002:80-82")).extracting(HostPort::port).containsExactly(8000, 8001, 8002);
        assertThat(HostPort.of("1-65535:1-65535")).hasSizeLessThan(1100);
        assertThat(HostPort.of("9-1:9-1")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'', 80, tcp, 127.0.0.1, 80, tcp, true",
        "127.0.0.1, 80, tcp, 127.0.0.2, 80, tcp, false",
        "::, 80, tcp, 127.0.0.1, 80, tcp, true",
        "'', 80, tcp, '', 80, udp, false",
        "'', 80, tcp, '', 81, tcp, false"
    })
    void conflictsWithWhatCannotBeHadBeside(
            String address, int port, String protocol, String other, int otherPort, String otherProtocol, boolean is) {
        var one = new HostPort(address, port, protocol);
        var two = new HostPort(other, otherPort, otherProtocol);

        assertThat(one.conflictsWith(two)).isEqualTo(is);
        assertThat(two.conflictsWith(one)).isEqualTo(is);
    }
}
