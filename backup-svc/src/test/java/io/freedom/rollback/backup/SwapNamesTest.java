package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SwapNamesTest {
    @Test
    void carryTheIdOfTheRollback() {
        var names = SwapNames.of("freedom_kb", "rb-20260301-1");

        assertThat(names.side()).isEqualTo("freedom_kb__restore_rb-20260301-1");
        assertThat(names.kept()).isEqualTo("freedom_kb__before_rb-20260301-1");
    }

    @Test
    void differForIdsTooLongToBeWrittenOut() {
        var one = SwapNames.of("kb", "0190b0f4-0000-7000-8000-000000000001");
        var two = SwapNames.of("kb", "0190b0f4-0000-7000-8000-000000000002");

        assertThat(one.kept()).isNotEqualTo(two.kept());
    }

    @Test
    void fitWhatPostgresKeepsOfANameAndStillDiffer() {
        var one = SwapNames.of("ü".repeat(31) + "a", "rb-1");
        var two = SwapNames.of("ü".repeat(31) + "b", "rb-1");

        assertThat(one.side().getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(63);
        assertThat(one.side()).isNotEqualTo(two.side()).isNotEqualTo(one.kept());
    }
}
