package io.freedom.rollback.orchestrator.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.intake.PlatformReports.PlatformReport;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformReportsTest {
    private static List<PlatformReport> of(String body) {
        return PlatformReports.of(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static String text(PlatformReport report) {
        return new String(report.value(), StandardCharsets.UTF_8).replace('"', '\'');
    }

    @Test
    void givesEachPlatformItsAlertsInOrder() {
        var reports = of("{'version':'4','alerts':[{'labels':{'platform':'a'},'n':1},{'labels':{'platform':'b'},'n':2},"
                + "{'labels':{'platform':'a'},'n':3},{'labels':{}}]}");

        assertThat(reports).extracting(PlatformReport::platform).containsExactly("a", "b", null);
        assertThat(text(reports.getFirst()))
                .isEqualTo("{'version':'4','alerts':[{'labels':{'platform':'a'},'n':1},"
                        + "{'labels':{'platform':'a'},'n':3}]}");
        assertThat(text(reports.get(1))).isEqualTo("{'version':'4','alerts':[{'labels':{'platform':'b'},'n':2}]}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'version':'4', 'alerts':[{'labels':{'platform':'a'}}]} | a",
                "{'specversion':'1.0', 'data':{'platform':'a'}} | a",
                "{'specversion':'1.0', 'data':{'platform':'../a'}} |",
                "{'version':'4', 'alerts':[]} |",
                "{'alerts':7} |",
                "[1] |",
                "not json |",
            })
    void leavesWhatIsOfOnePlatformOrOfNoneAsItIs(String body, String platform) {
        assertThat(of(body)).singleElement().satisfies(report -> {
            assertThat(text(report)).isEqualTo(body);
            assertThat(report.platform()).isEqualTo(platform);
        });
    }
}
