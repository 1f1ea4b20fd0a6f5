package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.github.dockerjava.transport.DockerHttpClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UncompressedTransportTest {
    private final List<DockerHttpClient.Request> sent = new ArrayList<>();

    @Test
    void asksForWhatIsNotCompressedAndKeepsTheRest() throws Exception {
        var request = DockerHttpClient.Request.builder()
                .method(DockerHttpClient.Request.Method.POST)
                .path("/v1.41/x")
                .headers(Map.of("X-Registry-Auth", "token"))
                .bodyBytes(new byte[] {1})
                .build();

        try (var transport = new UncompressedTransport(new Recorder(sent))) {
            transport.execute(request);
        }

        assertThat(sent).singleElement().satisfies(one -> {
            assertThat(one.headers())
                    .containsOnly(entry("X-Registry-Auth", "token"), entry("Accept-Encoding", "identity"));
            assertThat(one.method()).isEqualTo("POST");
            assertThat(one.path()).isEqualTo("/v1.41/x");
            assertThat(one.bodyBytes()).containsExactly(1);
        });
    }

    private record Recorder(List<DockerHttpClient.Request> sent) implements DockerHttpClient {
        @Override
        @SuppressWarnings("NullAway") // nobody reads the answer
        public Response execute(Request request) {
            sent.add(request);
            return null;
        }

        @Override
        public void close() {}
    }
}
