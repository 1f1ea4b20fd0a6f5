package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.model.Statistics;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ContainerStatisticsTest {
    private static final String BEFORE = """
            {"cpu_stats": {"cpu_usage": {"total_usage": 1000}, "system_cpu_usage": 100000, "online_cpus": 4}}
            """;
    private static final String CPU = """
            "cpu_stats": {"cpu_usage": {"total_usage": 6000}, "system_cpu_usage": 120000, "online_cpus": 4},
            "pids_stats": {"current": 7}
            """;

    @Test
    void leavesOutFilesThatCanBeDroppedFromMemory() throws Exception {
        var first = "\"stats\": {\"total_inactive_file\": 300, \"inactive_file\": 100, \"cache\": 400}";
        var second = "\"stats\": {\"inactive_file\": 250, \"active_file\": 50}";

        assertThat(usage("\"usage\": 1000, " + first)).contains(new ContainerUsage(700, 100, 7));
        assertThat(usage("\"usage\": 1000, " + second)).contains(new ContainerUsage(750, 100, 7));
        assertThat(usage("\"usage\": 1000")).contains(new ContainerUsage(1000, 100, 7));
    }

    @Test
    void knowsNothingOfAContainerThatDoesNotRun() throws Exception {
        assertThat(usage("")).isEmpty();
    }

    private static Optional<ContainerUsage> usage(String memory) throws Exception {
        var json = "{" + CPU + ", \"memory_stats\": {" + memory + "}}";
        var mapper = new ObjectMapper();
        return ContainerStatistics.usage(
                mapper.readValue(BEFORE, Statistics.class), mapper.readValue(json, Statistics.class));
    }
}
