package io.freedom.rollback.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.worker.StepFailure;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // A runaway match cannot be interrupted.
class ErrorLinesTest {
    @Test
    void findsErrorsThatAreNotToBeIgnored() throws Exception {
        var lines = scanned(
                LogRules.compile(List.of("ERROR", "(?i)traceback"), List.of("ERROR level set")),
                "INFO ready",
                "ERROR level set to 3",
                "ERROR cannot open file",
                "Traceback (most recent call last):");

        assertThat(lines.found())
                .hasValue("2 error lines: api ×1: ERROR cannot open file; api ×1: Traceback (most recent call last):");
    }

    @Test
    void saysNothingAboutCleanLogs() throws Exception {
        assertThat(scanned(LogRules.compile(List.of("ERROR"), List.of()), "INFO ready", "")
                        .found())
                .isEmpty();
    }

    @Test
    void countsLinesThatDifferOnlyInNumbersAsOne() throws Exception {
        var lines = scanned(
                LogRules.compile(List.of("ERROR"), List.of()),
                "12:00:01 ERROR request 17 failed",
                "12:00:02 ERROR request 18 failed");

        assertThat(lines.found()).hasValue("2 error lines: api ×2: 12:00:01 ERROR request 17 failed");
    }

    @Test
    void listsTenKindsAndCountsTheRest() throws Exception {
        var lines = new ErrorLines(LogRules.compile(List.of("ERROR"), List.of()));
        for (char c = 'a'; c < 'a' + 12; c++) {
            lines.accept("service-" + c, "ERROR");
        }

        assertThat(lines.found().orElseThrow())
                .startsWith("12 error lines: ")
                .contains("service-j ×1")
                .doesNotContain("service-k")
                .endsWith("; and 2 other kinds");
    }

    @Test
    void readsColouredAndShowsControlCharactersAsBlanks() throws Exception {
        var lines = scanned(
                LogRules.compile(List.of("^ERROR bad"), List.of()), "\u001b[31mERROR\u001b[0m bad\tthing\u0007");

        assertThat(lines.found()).hasValue("1 error line: api ×1: ERROR bad thing");
    }

    @Test
    void looksAtTheFirst4096CharactersOfALine() throws Exception {
        var rules = LogRules.compile(List.of("ERROR"), List.of());

        assertThat(scanned(rules, "x".repeat(4091) + "ERROR").found()).isPresent();
        assertThat(scanned(rules, "x".repeat(4092) + "ERROR").found()).isEmpty();
    }

    @Test
    void namesThePatternThatIsNotARegularExpression() {
        assertThatThrownBy(() -> LogRules.compile(List.of("ERROR"), List.of("[a")))
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("ignore pattern `[a` is not a regular expression");
    }

    @ParameterizedTest
    @CsvSource({"(a+b?)+(\\1)+c, 40", "(a+b?)+(\\1)+c, 5000", "(.*a){20}b, 40", "(a|aa)+$, 5000"})
    void givesUpOnAPatternThatAHostileLineMakesRunForEver(String pattern, int length) throws Exception {
        var lines = scanned(LogRules.compile(List.of(pattern), List.of()), "a".repeat(length) + "!");

        assertThatThrownBy(lines::check)
                .isInstanceOf(StepFailure.class)
                .hasMessageContaining("error pattern `" + pattern + "` takes too long or nests too deeply");
    }

    private static ErrorLines scanned(LogRules rules, String... lines) {
        var errors = new ErrorLines(rules);
        for (var line : lines) {
            errors.accept("api", line);
        }
        return errors;
    }
}
