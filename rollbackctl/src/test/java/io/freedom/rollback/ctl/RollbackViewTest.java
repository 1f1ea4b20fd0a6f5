package io.freedom.rollback.ctl;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.ctl.view.ChangeLog;
import io.freedom.rollback.ctl.view.Samples;
import io.freedom.rollback.ctl.view.Style;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class RollbackViewTest {
    static {
        TrustedSchemas.trust();
    }

    private static final Instant NOW = Samples.START.plusSeconds(10);

    private final StringWriter written = new StringWriter();
    private final PrintWriter out = new PrintWriter(written);

    private String show(RollbackView view, Duration silence) {
        written.getBuffer().setLength(0);
        view.show(Samples.status().build(), NOW, silence);
        return written.toString();
    }

    @Test
    void theLogSaysOnceThatKafkaDoesNotAnswerAndOnceThatItDoesAgain() {
        var view = new RollbackView.Log(out, new ChangeLog(ZoneOffset.UTC, Style.PLAIN));
        assertThat(show(view, Duration.ZERO)).doesNotContain("Kafka");
        assertThat(show(view, Duration.ofSeconds(5))).containsOnlyOnce("Kafka has not answered for 5 s");
        assertThat(show(view, Duration.ofSeconds(6))).isEmpty();
        assertThat(show(view, Duration.ZERO)).isEqualToIgnoringNewLines("Kafka answers again");
    }

    @Test
    void thePictureSaysItForAsLongAsItIsTrueAndStillFits() {
        var view = new RollbackView.Live(
                out,
                new Terminal() {
                    @Override
                    public boolean interactive() {
                        return true;
                    }

                    @Override
                    public boolean colours() {
                        return false;
                    }

                    @Override
                    public Size size() {
                        return new Size(60, 12);
                    }
                },
                Style.PLAIN);
        var away = show(view, Duration.ofSeconds(75));
        assertThat(away).contains("Kafka has not answered for 75 s");
        assertThat(away.chars().filter(c -> c == '\n').count()).isLessThan(12);
        assertThat(show(view, Duration.ZERO)).doesNotContain("Kafka");
    }
}
