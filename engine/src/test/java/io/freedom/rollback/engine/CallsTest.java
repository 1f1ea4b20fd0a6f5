package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.exception.ConflictException;
import io.freedom.rollback.schemas.step.FailureKind;
import java.net.URI;
import org.junit.jupiter.api.Test;

class CallsTest {
    private final Calls calls = new Calls(URI.create("unix:///var/run/docker.sock"));

    private FailureKind kind(String said) {
        return calls.failure("running pg_dump", new ConflictException("Status 409: {\"message\":\"" + said + "\"}"))
                .kind();
    }

    @Test
    void triesAgainWhatFoundItsContainerEnded() {
        assertThat(kind("Container 5792182a44d5 is not running")).isEqualTo(FailureKind.UNAVAILABLE);
        assertThat(kind("removal of container 5792182a44d5 is already in progress"))
                .isEqualTo(FailureKind.TOOL);
    }
}
