package io.freedom.rollback.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StandaloneProgramTest {
    @Test
    void saysWhatIsWrongWithASettingAndNotOnlyWhatCouldNotBeMadeWithoutIt() {
        var wrong = new IllegalArgumentException("rollback.concurrent is -1");
        var bound = new IllegalStateException("failed to bind 'rollback'", new IllegalStateException("no", wrong));

        assertThat(StandaloneProgram.why(new IllegalStateException("no bean topicCatalogue", bound)))
                .isEqualTo("failed to bind 'rollback': no: rollback.concurrent is -1");
        assertThat(StandaloneProgram.why(new IllegalStateException())).isEqualTo("java.lang.IllegalStateException");
    }
}
