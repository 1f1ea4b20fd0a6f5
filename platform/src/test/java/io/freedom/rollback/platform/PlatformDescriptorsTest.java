package io.freedom.rollback.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformDescriptorsTest {
    private static final String FREEDOM = """
            apiVersion: rollback.freedom.io/v1
            name: freedom
            site: default
            workTree: /srv/freedom
            target: graveyard/pre-reset
            criticalPaths: [docker-compose.yml, Makefile, services/]
            rto: 20m
            rpo: 5m
            objectives: {service-restart: 90s, model-reset: null}
            services:
              - {name: mlx-server, paths: [services/mlx/], data: true, loaded: '(?i)model loaded', memory: 1GiB, cpu: 150}
              - {name: castle-gui, paths: null, memory: null, cpu: null}
            compose:
              project: freedom-stack
              files: [docker-compose.yml, docker-compose.prod.yml]
              envFile: .env
              requiredEnvKeys: ["OPENAI_API_KEY|FREEDOM_API_KEY"]
            database:
              service: postgres
              name: freedom_kb
              user: freedom
              jdbcUrl: jdbc:postgresql://127.0.0.1:5432/freedom_kb
              password: ${file:/srv/freedom/.env#POSTGRES_PASSWORD}
              except: [reports of others]
            configuration: [docker-compose.yml, .env, config/]
            models: [models/]
            containerData: [{service: kb-service, path: /app/data}]
            probes:
              http:
                - {name: API gateway, url: http://127.0.0.1:8080/health, method: GET, headers: {}, body: null, status: 200, bodyPattern: ok, answerPointer: /x, role: gateway}
              model:
                name: MLX
                url: http://127.0.0.1:8000/v1/chat/completions
                method: POST
                body: '{"messages": []}'
                answerPointer: /choices/0/message/content
              endToEnd:
                name: question
                url: http://127.0.0.1:8080/ask
                headers: {Authorization: "Bearer ${file:/srv/freedom/.env#FREEDOM_API_KEY}"}
            logs: {errors: ['(?i)\\b(error|exception|traceback)\\b'], ignore: [harmless]}
            backups: {directory: /var/backups/freedom, reserve: 2GiB, hold: 48h, every: 1h, prove: 12h, keep: {last: 3, weekly: 0}, wal: {base: 12h, keep: 48h, bound: 1GiB, summarize: true},
                      store: {s3: {endpoint: "https://s3.example.org", bucket: backups, prefix: site-a, accessKey: "${env:S3_KEY}", secretKey: "${file:/etc/s3}"}},
                      logs: {every: 30m, keep: 24h, bound: 64MiB}, configuration: {every: 10s, secrets: true}}
            incidents: {SERVICE_DEGRADATION: restore-point, SECURITY_BREACH: none}
            approvals: {dataLoss: {operators: 2, starterCounts: true, within: 5m, unanswered: approve}, reset: {operators: 3}, changes: [{scenarios: [full-rollback], classes: [DATA_CORRUPTION], from: "22:00", until: "06:00", zone: Europe/Berlin, operators: 2}, {operators: 0}]}
            migration: {export: [python3, export.py, --output], import: [python3, import.py, --input]}
            automatic: {perAlert: 3, perPlatform: 9, within: 2h, maxAge: 30m}
            watch: {for: 10m, every: 30s, looks: 3, errors: 0, enabled: false}
            followUps: [{what: Write it down, owner: ada, within: 48h}, {what: Go home}]
            notifications:
              - {name: chat, webhook: "${file:/etc/rollback/chat-url}", about: [attention, start], title: "[{platform}] {summary}"}
              - name: managers
                mail: {server: smtp.example.org:465, security: tls, user: rollback, password: "${env:SMTP}", from: r@example.org, to: [a@example.org, b@example.org]}
            """;

    private static final String SMALLEST = """
            apiVersion: rollback.freedom.io/v1
            name: freedom
            workTree: /srv/freedom
            target: graveyard/pre-reset
            backups: {directory: /var/backups/freedom}
            """;

    @Test
    void keepsLogsOnlyWhereTheyAreNamedHourlyForAWeekByDefault() throws Exception {
        var named = SMALLEST.replace("/var/backups/freedom}", "/var/backups/freedom, logs: {}}");

        assertThat(PlatformDescriptors.parse(SMALLEST, "platform.yaml")
                        .backups()
                        .logs())
                .isNull();
        assertThat(PlatformDescriptors.parse(named, "platform.yaml").backups().logs())
                .isEqualTo(new LogPolicy(Duration.ofHours(1), Duration.ofHours(168), 1L << 30));
    }

    @Test
    void recordsChangesOfTheConfigurationOnlyWhereThatIsNamedAndNoSecretsByDefault() throws Exception {
        var named = SMALLEST.replace("/var/backups/freedom}", "/var/backups/freedom, configuration: {}}")
                + "configuration: [config/]\n";

        assertThat(PlatformDescriptors.parse(SMALLEST, "platform.yaml")
                        .backups()
                        .configuration())
                .isNull();
        assertThat(PlatformDescriptors.parse(named, "platform.yaml").backups().configuration())
                .isEqualTo(new ConfigurationPolicy(Duration.ofMinutes(1), false));
    }

    @Test
    void readsEveryKey() throws Exception {
        var descriptor = PlatformDescriptors.parse(FREEDOM, "platform.yaml");

        assertThat(descriptor)
                .isEqualTo(new PlatformDescriptor(
                        "freedom",
                        "default",
                        "/srv/freedom",
                        "graveyard/pre-reset",
                        List.of("docker-compose.yml", "Makefile", "services/"),
                        Duration.ofMinutes(20),
                        Duration.ofMinutes(5),
                        Map.of("service-restart", Duration.ofSeconds(90)),
                        new Compose(
                                "freedom-stack",
                                List.of("docker-compose.yml", "docker-compose.prod.yml"),
                                ".env",
                                List.of("OPENAI_API_KEY|FREEDOM_API_KEY"),
                                null),
                        List.of(
                                new ServiceSpec(
                                        "mlx-server",
                                        List.of("services/mlx/"),
                                        true,
                                        "(?i)model loaded",
                                        1L << 30,
                                        150),
                                new ServiceSpec("castle-gui", List.of(), false, null, null, null)),
                        new DatabaseSpec(
                                "postgres",
                                "freedom_kb",
                                "freedom",
                                "jdbc:postgresql://127.0.0.1:5432/freedom_kb",
                                "${file:/srv/freedom/.env#POSTGRES_PASSWORD}",
                                List.of("reports of others")),
                        List.of("docker-compose.yml", ".env", "config/"),
                        List.of("models/"),
                        List.of(new ContainerData("kb-service", "/app/data")),
                        new Probes(
                                List.of(new Probe(
                                        "API gateway",
                                        "http://127.0.0.1:8080/health",
                                        "GET",
                                        Map.of(),
                                        null,
                                        200,
                                        "ok",
                                        "/x",
                                        "gateway")),
                                new Probe(
                                        "MLX",
                                        "http://127.0.0.1:8000/v1/chat/completions",
                                        "POST",
                                        Map.of(),
                                        "{\"messages\": []}",
                                        200,
                                        null,
                                        "/choices/0/message/content",
                                        null),
                                new Probe(
                                        "question",
                                        "http://127.0.0.1:8080/ask",
                                        "GET",
                                        Map.of("Authorization", "Bearer ${file:/srv/freedom/.env#FREEDOM_API_KEY}"),
                                        null,
                                        200,
                                        null,
                                        null,
                                        null)),
                        new Logs(List.of("(?i)\\b(error|exception|traceback)\\b"), List.of("harmless")),
                        new Backups(
                                "/var/backups/freedom",
                                2L << 30,
                                Duration.ofHours(48),
                                Duration.ofHours(1),
                                Duration.ofHours(12),
                                new Retention(3, 7, 0, 6),
                                new WalPolicy(Duration.ofHours(12), Duration.ofHours(48), 1L << 30, true),
                                new ObjectStoreSpec(
                                        "https://s3.example.org",
                                        "us-east-1",
                                        "backups",
                                        "site-a",
                                        "${env:S3_KEY}",
                                        "${file:/etc/s3}",
                                        true),
                                new LogPolicy(Duration.ofMinutes(30), Duration.ofHours(24), 64L << 20),
                                new ConfigurationPolicy(Duration.ofSeconds(10), true)),
                        Map.of(
                                "SERVICE_DEGRADATION", "restore-point",
                                "DATA_CORRUPTION", "full-rollback",
                                "SECURITY_BREACH", "none",
                                "DEPLOYMENT_FAILURE", "selective-rollback"),
                        new ApprovalPolicy(2, Duration.ofMinutes(5), true, true),
                        new ApprovalPolicy(3, Duration.ofMinutes(15), false, false),
                        List.of(
                                new ChangeApproval(
                                        List.of("full-rollback"),
                                        List.of("DATA_CORRUPTION"),
                                        LocalTime.of(22, 0),
                                        LocalTime.of(6, 0),
                                        ZoneId.of("Europe/Berlin"),
                                        new ApprovalPolicy(2, Duration.ofMinutes(15), false, true)),
                                new ChangeApproval(
                                        List.of(),
                                        List.of(),
                                        null,
                                        null,
                                        ZoneId.of("UTC"),
                                        new ApprovalPolicy(0, Duration.ofMinutes(15), false, true))),
                        new Migration(
                                List.of("python3", "export.py", "--output"),
                                List.of("python3", "import.py", "--input")),
                        new AutomaticPolicy(3, 9, Duration.ofHours(2), Duration.ofMinutes(30)),
                        List.of(
                                new NotificationChannel(
                                        "chat",
                                        Set.of(NotificationChannel.Topic.ATTENTION, NotificationChannel.Topic.START),
                                        new NotificationChannel.Webhook("${file:/etc/rollback/chat-url}"),
                                        "[{platform}] {summary}",
                                        null),
                                new NotificationChannel(
                                        "managers",
                                        Set.of(NotificationChannel.Topic.ATTENTION, NotificationChannel.Topic.OUTCOME),
                                        new NotificationChannel.Mail(
                                                "smtp.example.org",
                                                465,
                                                NotificationChannel.Security.TLS,
                                                "rollback",
                                                "${env:SMTP}",
                                                "r@example.org",
                                                List.of("a@example.org", "b@example.org")),
                                        null,
                                        null)),
                        new StabilityPolicy(false, Duration.ofMinutes(10), Duration.ofSeconds(30), 3, 0),
                        List.of(
                                new FollowUpSpec("Write it down", "ada", Duration.ofHours(48)),
                                new FollowUpSpec("Go home", "operations", Duration.ofHours(24)))));
    }

    @Test
    void holdsARuleAboutHoursAcrossMidnightInItsOwnZone() throws Exception {
        var night =
                PlatformDescriptors.parse(FREEDOM, "platform.yaml").changes().getFirst();

        assertThat(night.fits("full-rollback", "DATA_CORRUPTION", Instant.parse("2026-01-31T21:30:00Z")))
                .as("22:30 in Berlin")
                .isTrue();
        assertThat(night.fits("full-rollback", "DATA_CORRUPTION", Instant.parse("2026-01-31T04:59:00Z")))
                .isTrue();
        assertThat(night.fits("full-rollback", "DATA_CORRUPTION", Instant.parse("2026-01-31T05:00:00Z")))
                .isFalse();
        assertThat(night.fits("full-rollback", null, Instant.parse("2026-01-31T21:30:00Z")))
                .isFalse();
        assertThat(night.fits("model-reset", "DATA_CORRUPTION", Instant.parse("2026-01-31T21:30:00Z")))
                .isFalse();
    }

    @Test
    void fillsInTheDefaults() throws Exception {
        var descriptor = PlatformDescriptors.parse(SMALLEST, "platform.yaml");

        assertThat(descriptor.site()).isEqualTo("default");
        assertThat(descriptor.rto()).isEqualTo(Duration.ofMinutes(30));
        assertThat(descriptor.compose())
                .isEqualTo(new Compose("freedom", List.of("docker-compose.yml"), null, List.of(), null));
        assertThat(descriptor.criticalPaths()).containsExactly("docker-compose.yml");
        assertThat(descriptor.database()).isNull();
        assertThat(descriptor.backups().reserve()).isEqualTo(512L << 20);
        assertThat(descriptor.logs().errors()).hasSize(1);
        assertThat(descriptor.watch())
                .isEqualTo(new StabilityPolicy(true, Duration.ofMinutes(30), Duration.ofMinutes(1), 2, 5));
        assertThat(descriptor.followUps()).hasSize(8);
        assertThat(descriptor.incidents()).hasSize(4).containsValue("full-rollback");
        var withParts =
                PlatformDescriptors.parse(SMALLEST + "services: [{name: api, paths: [api/]}]\n", "platform.yaml");
        assertThat(withParts.incidents())
                .as("what the runbook calls partial and selective")
                .containsEntry("SERVICE_DEGRADATION", "selective-rollback")
                .containsEntry("DEPLOYMENT_FAILURE", "selective-rollback")
                .containsEntry("DATA_CORRUPTION", "full-rollback");
    }

    @Test
    void saysAllProblemsAtOnceWithLineAndColumn() {
        var yaml = """
                apiVersion: rollback.freedom.io/v1
                name: Freedom
                workTree: srv/freedom
                criticalPaths: [Makefile, /etc]
                compose:
                  env_file: .env
                  envFile: /srv/freedom/.env
                backups: {directory: /var/backups, reserve: 5}
                """;

        assertThat(messages(yaml))
                .containsExactly(
                        "platform.yaml:1:1: target: is missing: git tag to roll back to, e.g. graveyard/pre-reset",
                        "platform.yaml:2:1: name: must be 1 to 63 lower-case letters, digits and hyphens, not 'Freedom'",
                        "platform.yaml:3:1: workTree: must be an absolute path, e.g. /srv/freedom, not 'srv/freedom'",
                        "platform.yaml:4:27: criticalPaths[1]: must be relative to workTree, not '/etc'",
                        "platform.yaml:6:3: compose.env_file: is not known here; did you mean 'envFile'?",
                        "platform.yaml:7:3: compose.envFile: must be relative to workTree, not '/srv/freedom/.env'",
                        "platform.yaml:8:36: backups.reserve: must be a text, not a number: put it in quotes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            name: freedom            | name: 7                                  | name: must be a text, not a number: put it in quotes
            name: freedom            | name:                                    | name: is empty: give it a value or remove the key
            name: freedom            | name: [a]                                | name: must be one text, not a list
            workTree: /srv/freedom   | workTree: /srv/../etc                    | workTree: must not contain '..': write the path out
            target: graveyard/pre-reset | target: --force                       | target: '--force' cannot be the name of a git tag: see `git check-ref-format`
            target: graveyard/pre-reset | target: a..b                          | target: 'a..b' cannot be the name of a git tag: see `git check-ref-format`
            name: freedom            | "name: freedom\\nrto: 20 min"            | rto: must be a duration such as 90s, 20m or 1h, not '20 min'
            name: freedom            | "name: freedom\\nrto: 0m"                | rto: must be a duration such as 90s, 20m or 1h, not '0m'
            name: freedom            | "name: freedom\\nsite: Big Site"         | site: must be 1 to 63 lower-case letters, digits and hyphens, not 'Big Site'
            name: freedom            | "name: freedom\\nmodels: models/"        | models: must be a list, e.g. [a, b], not a text
            name: freedom            | "name: freedom\\nmodels: [../models]"    | models[0]: must stay inside workTree: '..' is not allowed
            name: freedom            | "name: freedom\\nmodels: ['']"           | models[0]: must not be empty
            name: freedom            | "name: freedom\\nmodels: [-rf]"          | models[0]: must not begin with '-': write ./-rf
            name: freedom            | "name: freedom\\ncompose: x"             | compose: must be a mapping of keys to values, not a text
            name: freedom            | "name: freedom\\ncompose: {files: []}"   | compose.files: must name at least one file; leave the key out for docker-compose.yml
            name: freedom            | "name: freedom\\ncompose: {project: My}" | compose.project: must be a compose project name (lower-case letters, digits, - and _), not 'My'
            name: freedom            | "name: freedom\\ncompose: {requiredEnvKeys: [A]}" | compose.requiredEnvKeys: needs compose.envFile, the file that holds the keys
            name: freedom            | "name: freedom\\ncompose: {envFile: .env, requiredEnvKeys: [A-B]}" | "compose.requiredEnvKeys[0]: must be a key or alternatives such as KEY_A|KEY_B, not 'A-B'"
            name: freedom            | "name: freedom\\ncontainerData: [{service: kb}]" | containerData[0].path: is missing: absolute path inside the container, e.g. /app/data
            name: freedom            | "name: freedom\\ncontainerData: [{service: -kb, path: /a}]" | containerData[0].service: must be the name of a compose service, not '-kb'
            name: freedom            | "name: freedom\\nlogs: {errors: ['(']}"  | logs.errors[0]: is no regular expression: Unclosed group at character 2
            name: freedom            | "name: freedom\\nlogs: {ignore: ['']}"   | logs.ignore[0]: must not be empty: it would match everything
            name: freedom            | "name: freedom\\nincidents: {DATA_CORUPTION: none}" | incidents.DATA_CORUPTION: is not known here; did you mean 'DATA_CORRUPTION'?
            name: freedom            | "name: freedom\\nincidents: {DATA_CORRUPTION: full-rolback}" | incidents.DATA_CORRUPTION: must be one of full-rollback, service-restart, performance-relief, model-reset, configuration-rollback, service-rollback, database-restore, database-rebuild, data-migration, selective-rollback, restore-point, none, not 'full-rolback'; did you mean 'full-rollback'?
            name: freedom            | "name: freedom\\nobjectives: {service-restart: 5}" | objectives.service-restart: must be a text, not a number: put it in quotes
            name: freedom            | "name: freedom\\nobjectives: {restart: 5m}" | objectives.restart: is not known here; the keys are configuration-rollback, data-migration, database-rebuild, database-restore, files-restore, full-reset, full-restore, model-reset, performance-relief, service-restart, service-rollback
            name: freedom            | "name: freedom\\nservices: [{name: api}, {name: api}]" | services[1].name: 'api' is also the name of services[0]: name each service once
            name: freedom            | "name: freedom\\nservices: [{name: api, paths: [/srv/api]}]" | services[0].paths[0]: must be relative to workTree, not '/srv/api'
            name: freedom            | "name: freedom\\nservices: [{name: api, loaded: '('}]" | services[0].loaded: is no regular expression: Unclosed group at character 2
            name: freedom            | "name: freedom\\nservices: [{name: api, memory: 5 GB}]" | services[0].memory: must be a size such as 512MiB or 2GiB (units B, KiB, MiB, GiB, TiB), not '5 GB'
            name: freedom            | "name: freedom\\napprovals: {dataLoss: {operators: 9}}" | approvals.dataLoss.operators: must be between 0 and 5
            name: freedom            | "name: freedom\\nincidents: {DATA_CORRUPTION: full-reset}" | incidents.DATA_CORRUPTION: full-reset is never started by an incident, because it removes volumes and files: name another scenario, or none, and start it by hand with `rollbackctl start NAME --scenario full-reset --reason …`
            name: freedom            | "name: freedom\\napprovals: {reset: {within: soon}}" | approvals.reset.within: must be a duration such as 90s, 20m or 1h, not 'soon'
            name: freedom            | "name: freedom\\napprovals: {dataLoss: none}" | "approvals.dataLoss: must be a mapping of keys to values, not a text"
            name: freedom            | "name: freedom\\napprovals: {dataLoss: {within: soon}}" | approvals.dataLoss.within: must be a duration such as 90s, 20m or 1h, not 'soon'
            name: freedom            | "name: freedom\\nmigration: {export: [a]}" | "migration.import: is missing: adds it to the target's database; run twice it adds nothing more"
            name: freedom            | "name: freedom\\nautomatic: {perAlert: 0}" | automatic.perAlert: must be between 1 and 100
            name: freedom            | "name: freedom\\nautomatic: {within: 1d}" | automatic.within: must be a duration such as 90s, 20m or 1h, not '1d'
            name: freedom            | "name: freedom\\nnotifications: [{name: chat}]" | "notifications[0]: needs either `webhook` or `mail`"
            name: freedom            | "name: freedom\\nnotifications: [{name: chat, webhook: 'https://x/${env:A}'}]" | "notifications[0].webhook: is no URL (Illegal character in path at character 12): 'https://x/${env:A}'"
            name: freedom            | "name: freedom\\nnotifications: [{name: chat, webhook: 'http://x/', title: '{who}'}]" | "notifications[0].title: has no value for {who}: use {platform}, {rollback}, {scenario}, {target}, {summary}, {details}, {commands}"
            name: freedom            | "name: freedom\\nnotifications: [{name: chat, webhook: 'http://x/'}, {name: chat, webhook: 'http://x/'}]" | "notifications[1].name: 'chat' is also the name of notifications[0]: names must differ"
            name: freedom            | "name: freedom\\nnotifications: [{name: m, mail: {server: smtp, from: a@b, to: [c@d]}}]" | "notifications[0].mail.server: must be HOST:PORT, e.g. smtp.example.org:587"
            name: freedom            | "name: freedom\\nnotifications: [{name: m, mail: {server: 's:25', user: u, from: a@b, to: [c@d]}}]" | "notifications[0].mail: needs both `user` and `password`, or neither"
            name: freedom            | "name: freedom\\nnotifications: [{name: m, mail: {server: 's:25', from: a, to: [c@d]}}]" | "notifications[0].mail.from: must be a mail address such as on-call@example.org, not 'a'"
            name: freedom            | "name: freedom\\napprovals: {changes: [{from: '22:00'}]}" | "approvals.changes[0]: needs both `from` and `until`, or neither"
            name: freedom            | "name: freedom\\napprovals: {changes: [{zone: Berlin}]}" | approvals.changes[0].zone: must be a time zone such as UTC or Europe/Berlin, not 'Berlin'
            name: freedom            | "name: freedom\\nwatch: {every: often}" | watch.every: must be a duration such as 90s, 20m or 1h, not 'often'
            name: freedom            | "name: freedom\\nwatch: {looks: 0}" | watch.looks: must be between 1 and 100
            name: freedom            | "name: freedom\\nfollowUps: [{owner: ada}]" | "followUps[0].what: is missing: e.g. Conduct the post-incident review"
            name: freedom            | "name: freedom\\nfollowUps: [{what: x, within: soon}]" | followUps[0].within: must be a duration such as 90s, 20m or 1h, not 'soon'
            name: freedom            | "name: freedom\\nname: other"            | name: is written twice, first in line 2: remove one of them
            name: freedom            | "name: freedom\\nsomething: 1"           | something: is not known here; the keys are apiVersion, approvals, automatic, backups, compose, configuration, containerData, criticalPaths, database, followUps, incidents, logs, migration, models, name, notifications, objectives, probes, rpo, rto, services, site, target, watch, workTree
            apiVersion: rollback.freedom.io/v1 | apiVersion: v2                 | apiVersion: must be rollback.freedom.io/v1, not 'v2'
            {directory: /var/backups/freedom} | {directory: /b, every: 10s}      | backups.every: must be at least 5m, not '10s'
            {directory: /var/backups/freedom} | {directory: /b, prove: soon}     | backups.prove: must be a duration such as 90s, 20m or 1h, not 'soon'; or never
            {directory: /var/backups/freedom} | {directory: /b, keep: {last: 0}} | backups.keep.last: must be between 1 and 900
            {directory: /var/backups/freedom} | {directory: /b, wal: {}}         | backups.wal: needs database, whose server writes the WAL
            {directory: /var/backups/freedom} | {directory: /b, store: {s3: {bucket: abc, accessKey: "${env:A}", secretKey: hunter2}}} | backups.store.s3.secretKey: must not be written out here: write ${env:NAME} (a variable of the workers) or ${file:/path#KEY} (a key of an env file on the workers' machine)
            {directory: /var/backups/freedom} | {directory: /b, store: {s3: {bucket: Abc, accessKey: "${env:A}", secretKey: "${env:B}"}}} | backups.store.s3.bucket: must be the name of a bucket (3 to 63 lower-case letters, digits, - and .), not 'Abc'
            {directory: /var/backups/freedom} | {directory: /b, store: {s3: {bucket: abc, prefix: /a, accessKey: "${env:A}", secretKey: "${env:B}"}}} | backups.store.s3.prefix: must be like site-a/rollback, without a slash at its ends, not '/a'
            {directory: /var/backups/freedom} | {directory: /b, store: {s3: {bucket: abc, endpoint: "https://h/abc", accessKey: "${env:A}", secretKey: "${env:B}"}}} | backups.store.s3.endpoint: must be the server alone, e.g. https://s3.example.org: write what follows it as bucket and prefix
            {directory: /var/backups/freedom} | {directory: /b, store: {s3: {accessKey: "${env:A}", secretKey: "${env:B}"}}} | backups.store.s3.bucket: is missing: name of the bucket
            {directory: /var/backups/freedom} | {directory: /b, configuration: {}} | backups.configuration: needs configuration, the files and folders to record
            {directory: /var/backups/freedom} | "{directory: /b, configuration: {every: 1s}}\\nconfiguration: [a]" | backups.configuration.every: must be at least 5s, not '1s'
            {directory: /var/backups/freedom} | {directory: /b, logs: {every: 30s}} | backups.logs.every: must be at least 1m, not '30s'
            {directory: /var/backups/freedom} | {directory: /b, logs: {every: hourly}} | backups.logs.every: must be a duration such as 90s, 20m or 1h, not 'hourly'
            {directory: /var/backups/freedom} | {directory: /b, logs: {keep: 30m}} | backups.logs.keep: must be at least as long as backups.logs.every: what is kept would go at once
            {directory: /var/backups/freedom} | {directory: /b, logs: {bound: 1MiB}} | backups.logs.bound: must be at least 64MiB, not '1MiB'
            {directory: /var/backups/freedom} | {directory: /b, logs: {bound: 1 GB}} | backups.logs.bound: must be a size such as 512MiB or 2GiB (units B, KiB, MiB, GiB, TiB), not '1 GB'
            {directory: /var/backups/freedom} | {directory: backups}            | backups.directory: must be an absolute path, e.g. /srv/freedom, not 'backups'
            {directory: /var/backups/freedom} | {directory: /b, reserve: 5 GB}  | backups.reserve: must be a size such as 512MiB or 2GiB (units B, KiB, MiB, GiB, TiB), not '5 GB'
            {directory: /var/backups/freedom} | {directory: /b, reserve: 999999999999TiB} | backups.reserve: must be a size such as 512MiB or 2GiB (units B, KiB, MiB, GiB, TiB), not '999999999999TiB'
            """)
    void saysWhatIsWrongAndWhatToWrite(String right, String wrong, String message) {
        var yaml = SMALLEST.replace(right, wrong.replace("\\n", "\n"));

        assertThat(messages(yaml))
                .singleElement()
                .asString()
                .containsPattern("^platform\\.yaml:\\d+:\\d+: ")
                .endsWith(": " + message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            name: freedom_kb  | name: -U              | database.name: must be a PostgreSQL name (letters, digits, _ - $; at most 63), not '-U'
            jdbc:postgresql://127.0.0.1:5432/freedom_kb | jdbc:mysql://h/db | database.jdbcUrl: must be a PostgreSQL URL such as jdbc:postgresql://127.0.0.1:5432/freedom_kb
            5432/freedom_kb   | 5432/freedom_kb?password=s3 | database.jdbcUrl: must not hold a password: write database.password as ${env:NAME} (a variable of the workers) or ${file:/path#KEY} (a key of an env file on the workers' machine)
            except: [reports of others] | except: [a, freedom_kb] | database.except[1]: names database.name itself, which is dumped and restored always: remove it here
            ${file:/srv/freedom/.env#POSTGRES_PASSWORD} | hunter2 | database.password: must not be written out here: write ${env:NAME} (a variable of the workers) or ${file:/path#KEY} (a key of an env file on the workers' machine)
            ${file:/srv/freedom/.env#POSTGRES_PASSWORD} | ${POSTGRES_PASSWORD} | database.password: is no secret reference: write ${env:NAME} (a variable of the workers) or ${file:/path#KEY} (a key of an env file on the workers' machine)
            ${file:/srv/freedom/.env#FREEDOM_API_KEY}  | sk-12345 | probes.endToEnd.headers.Authorization: must not be written out here: write ${env:NAME} (a variable of the workers) or ${file:/path#KEY} (a key of an env file on the workers' machine), e.g. "Bearer ${env:FREEDOM_API_KEY}"
            headers: {}       | headers: {X-Trace: '${HOME}'} | probes.http[0].headers.X-Trace: holds a reference that no worker can resolve: write ${env:NAME} (a variable of the workers) or ${file:/path#KEY} (a key of an env file on the workers' machine)
            headers: {}       | headers: {X Trace: a}  | probes.http[0].headers.X Trace: is no HTTP header name
            headers: {}       | headers: {X-Trace: 1}  | probes.http[0].headers.X-Trace: must be a text, not a number: put it in quotes
            http://127.0.0.1:8080/health | 127.0.0.1/health | probes.http[0].url: must be an http:// or https:// URL with a host, not '127.0.0.1/health'
            http://127.0.0.1:8080/health | http://127.0.0.1:80800/health | probes.http[0].url: has a port that no machine has, 80800
            http://127.0.0.1:8080/health | http://me:secret@h/ | probes.http[0].url: must not hold a user or password: use headers with an Authorization reference
            name: MLX         | name: API gateway     | probes.model.name: 'API gateway' is also the name of probes.http[0]: names must differ
            body: null        | body: x               | probes.http[0].body: cannot be sent with GET: add `method: POST`
            status: 200       | status: 42            | probes.http[0].status: must be between 100 and 599
            status: 200       | status: OK            | probes.http[0].status: must be a whole number, not a text
            bodyPattern: ok   | bodyPattern: '[a'     | probes.http[0].bodyPattern: is no regular expression: Unclosed character class at character 2
            answerPointer: /x        | answerPointer: x/y        | probes.http[0].answerPointer: must be a JSON pointer such as /choices/0/message/content, not 'x/y'
            method: GET       | method: get           | probes.http[0].method: must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, not 'get'; did you mean 'GET'?
            """)
    void findsMistakesInDatabaseAndProbes(String right, String wrong, String message) {
        assertThat(messages(FREEDOM.replace(right, wrong)))
                .singleElement()
                .asString()
                .endsWith(": " + message);
    }

    @Test
    void neverRepeatsASecretThatWasWrittenOut() {
        var yaml = FREEDOM.replace("${file:/srv/freedom/.env#POSTGRES_PASSWORD}", "hunter2");

        assertThat(String.join("\n", messages(yaml))).doesNotContain("hunter2");
    }

    @Test
    void saysWhereTheSyntaxIsBroken() {
        assertThat(messages("name: freedom\nworkTree: a: b\n"))
                .containsExactly("platform.yaml:2:12: not YAML: mapping values are not allowed here");
        assertThat(messages("name: freedom\n\tworkTree: /srv\n"))
                .singleElement()
                .asString()
                .startsWith("platform.yaml:2:1: not YAML: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# only a comment\n", "---\n"})
    void refusesAnEmptyFile(String yaml) {
        assertThat(messages(yaml)).singleElement().asString().contains("begin");
    }

    @Test
    void refusesASecondDocument() {
        assertThat(messages(SMALLEST + "---\n" + SMALLEST))
                .singleElement()
                .asString()
                .startsWith("platform.yaml:6:1: one file describes one platform");
    }

    @Test
    void refusesAliasesAnchorsAndTags() {
        assertThat(messages("a: &x [1]\n"))
                .containsExactly("platform.yaml:1:4: anchors (&name) are not supported: remove it");
        assertThat(messages("a: *x\n"))
                .containsExactly("platform.yaml:1:4: aliases (*name) are not supported: write the value out");
        assertThat(messages("a: !!java.net.URL x\n")).singleElement().asString().contains("are not supported");
    }

    @Test
    void refusesHugeAndDeepInput() {
        var comments = new char[PlatformDescriptors.LIMIT];
        Arrays.fill(comments, '#');

        assertThat(messages(SMALLEST + new String(comments)))
                .singleElement()
                .asString()
                .contains("more than the 262144 allowed");
        assertThat(messages("a: " + "[".repeat(100_000)))
                .singleElement()
                .asString()
                .contains("nested deeper than 32 levels");
        assertThat(messages("name: /" + "a".repeat(10_000)))
                .singleElement()
                .asString()
                .contains("is longer than 2,000 characters");
    }

    @Test
    void identifiesADescriptorByItsText() {
        assertThat(PlatformDescriptors.hash("a"))
                .isEqualTo("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
    }

    @Test
    void namesTheSourceInTheExceptionItself() {
        assertThatThrownBy(() -> PlatformDescriptors.parse("name: [", "registered:freedom"))
                .isInstanceOf(InvalidDescriptorException.class)
                .hasMessageStartingWith("registered:freedom:1:");
    }

    private static List<String> messages(String yaml) {
        var invalid = catchThrowableOfType(
                InvalidDescriptorException.class, () -> PlatformDescriptors.parse(yaml, "platform.yaml"));
        assertThat(invalid).as("must be refused: %s", yaml).isNotNull();
        return invalid.problems().stream().map(p -> p.render("platform.yaml")).toList();
    }

    @Test
    void saysWhichRecoveryPointObjectivesNobodyKeeps() throws Exception {
        assertThat(unkept(""))
                .hasSize(4)
                .first()
                .asString()
                .contains("the RPO of 15m: no restore point is taken by itself");
        assertThat(unkept(", every: 1h, logs: {}, configuration: {}"))
                .singleElement()
                .asString()
                .contains("restore points are taken every 1h");
        assertThat(unkept(", every: 1h, wal: {}, logs: {}, configuration: {}")).isEmpty();
    }

    private static List<String> unkept(String backups) throws InvalidDescriptorException {
        return PlatformDescriptors.parse("""
                        apiVersion: rollback.freedom.io/v1
                        name: shop
                        workTree: /srv/shop
                        target: v1
                        database: {service: db, name: shop, user: shop, jdbcUrl: "jdbc:postgresql://127.0.0.1:5432/shop"}
                        models: [models/]
                        configuration: [.env]
                        backups: {directory: /var/backups/shop%s}
                        """.formatted(backups), "platform.yaml")
                .unkeptObjectives();
    }
}
