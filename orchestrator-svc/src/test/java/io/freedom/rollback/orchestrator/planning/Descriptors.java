package io.freedom.rollback.orchestrator.planning;

import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.incident.IncidentClass;
import io.freedom.rollback.schemas.serde.TrustedSchemas;
import io.freedom.rollback.schemas.state.RestorePoint;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A platform as the runbook has it. */
public final class Descriptors {
    static {
        TrustedSchemas.trust(); // plans copy what they hold
    }

    public static final String FREEDOM = """
            apiVersion: rollback.freedom.io/v1
            name: freedom
            workTree: /srv/freedom
            target: graveyard/pre-reset
            criticalPaths: [docker-compose.yml, Makefile, services/]
            compose:
              envFile: .env
              requiredEnvKeys: ["OPENAI_API_KEY|FREEDOM_API_KEY"]
            services:
              - {name: api, paths: [services/api/, services/common/]}
              - {name: kb-service, paths: [services/kb/, services/common/], data: true}
              - {name: mlx-server, paths: [services/mlx/], loaded: model loaded, memory: 1GiB}
              - {name: castle-gui}
            database:
              service: postgres
              name: freedom_kb
              user: freedom
              jdbcUrl: jdbc:postgresql://127.0.0.1:5432/freedom_kb
              password: ${file:/srv/freedom/.env#POSTGRES_PASSWORD}
            configuration: [docker-compose.yml, .env, config/]
            models: [models/]
            containerData: [{service: kb-service, path: /app/data}]
            probes:
              http:
                - {name: API gateway, url: "http://127.0.0.1:8080/health"}
              model:
                {name: Model, url: "http://127.0.0.1:8001/v1/chat/completions", method: POST, body: "{}"}
              endToEnd:
                {name: Query, url: "http://127.0.0.1:8080/v1/query", method: POST, body: "{}"}
            logs: {errors: ['ERROR'], ignore: []}
            backups: {directory: /var/backups/freedom, reserve: 512MiB}
            migration: {export: [python3, export.py], import: [python3, import.py]}
            incidents: {SERVICE_DEGRADATION: full-rollback}
            """;

    static final Instant AT = Instant.parse("2026-03-01T03:00:00Z");

    private Descriptors() {}

    public static PlatformDescriptor freedom() {
        try {
            return PlatformDescriptors.parse(FREEDOM, "platform.yaml");
        } catch (InvalidDescriptorException e) {
            throw new AssertionError(e);
        }
    }

    public static PlanRequest request(Scenario scenario) {
        return request(scenario, scenario.needsRestorePoint() ? "/var/backups/freedom/rb-0" : null, null);
    }

    static PlanRequest request(
            Scenario scenario, @Nullable String restorePoint, @Nullable IncidentClass incident, String... services) {
        try {
            return new PlanRequest(
                    freedom(),
                    "hash",
                    scenario,
                    "rb-1",
                    null,
                    restorePoint == null
                            ? null
                            : new RestorePoint("rb-0", restorePoint, AT.minusSeconds(3600), null, null, null),
                    null,
                    incident,
                    ChosenServices.of(scenario, freedom(), List.of(services)),
                    Map.of(),
                    AT,
                    "rb-0",
                    scenario == Scenario.RESTORE_POINT_DERIVE ? "latest" : null,
                    scenario == Scenario.ACCEPTANCE ? "rb-0" : null,
                    FilePart.of(scenario, freedom(), List.of()),
                    List.of());
        } catch (ChosenServices.Unsuitable e) {
            throw new AssertionError(e);
        }
    }
}
