package io.freedom.rollback.platform;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a healthy platform answers: each service, the model, and a query through the whole of it. */
public record Probes(
        List<Probe> http, @Nullable Probe model, @Nullable Probe endToEnd) {
    public Probes {
        http = List.copyOf(http);
    }
}
