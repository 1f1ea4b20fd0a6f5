package io.freedom.rollback.ctl.view;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a service logs, or an alert says, comes to operators' terminals. */
class TextsTest {
    /** An escape sequence, its eight-bit form, a text that is turned around, a line that is none. */
    @ParameterizedTest
    @ValueSource(strings = {"\u001b[2Jgone", "\u009b2Jgone", "\u202egone", "\u2028gone", "\u0000gone", "\rgone"})
    void nothingSteersATerminal(String hostile) {
        assertThat(Texts.cut(hostile, 80)).endsWith("gone").allMatch(c -> !Texts.steers(c));
        assertThat(Texts.harmless("first\n" + hostile).codePoints())
                .allMatch(c -> c == '\n' || !Texts.steers(c));
        assertThat(new Table("HEADING").row(hostile).lines(Style.PLAIN).getLast().codePoints())
                .allMatch(c -> !Texts.steers(c));
        assertThat(Json.of(hostile).codePoints()).allMatch(c -> !Texts.steers(c));
    }

    @Test
    void linesOfOurOwnStayAsTheyAre() {
        assertThat(Texts.harmless("started\n  watch it: ä → €")).isEqualTo("started\n  watch it: ä → €");
    }
}
