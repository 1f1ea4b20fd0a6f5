package io.freedom.rollback.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ImageNamesTest {
    @Test
    void namesPreparedImagesByRevisionAndRecipe() {
        var one = prepared("/tmp/a", Map.of("context", "/tmp/a/api", "args", Map.of("V", "1")));
        var elsewhere = prepared("/tmp/b", Map.of("args", Map.of("V", "1"), "context", "/tmp/b/api"));
        var otherArgument = prepared("/tmp/a", Map.of("context", "/tmp/a/api", "args", Map.of("V", "2")));

        assertThat(one)
                .matches("rollback-prepared/shop-api:0123456789ab-[0-9a-f]{8}")
                .isEqualTo(elsewhere);
        assertThat(otherArgument).isNotEqualTo(one);
    }

    @Test
    void makesValidAndDistinctNamesOfAnyServiceName() {
        var upper = ImageNames.guard("shop", "Api__v2.", "r1");
        var lower = ImageNames.guard("shop", "api-v2", "r1");

        assertThat(upper).matches("rollback-guard/[a-z0-9]+(-[a-z0-9]+)*:r1").isNotEqualTo(lower);
        assertThat(lower).isEqualTo("rollback-guard/shop-api-v2:r1");
    }

    private static String prepared(String source, Map<String, Object> build) {
        return ImageNames.prepared("shop", "api", "0123456789abcdef", build, source);
    }
}
