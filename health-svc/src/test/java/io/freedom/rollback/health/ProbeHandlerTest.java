package io.freedom.rollback.health;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.freedom.rollback.schemas.action.CheckEndToEnd;
import io.freedom.rollback.schemas.action.CheckModel;
import io.freedom.rollback.schemas.action.HttpProbe;
import io.freedom.rollback.schemas.action.ProbeHttp;
import io.freedom.rollback.schemas.action.ProbeOutcome;
import io.freedom.rollback.schemas.action.ProbesPassed;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProbeHandlerTest {
    private static final Duration SHORT = Duration.ofMillis(800);
    private static final Duration LONG = Duration.ofSeconds(30);

    private final HttpProber prober = new HttpProber();
    private final HttpPeer peer;

    ProbeHandlerTest() throws IOException {
        peer = new HttpPeer();
    }

    @BeforeEach
    void servesHealth() {
        peer.answering("/health", 200, "{\"status\":\"up\"}");
    }

    @AfterEach
    void close() {
        prober.close();
        peer.close();
    }

    @Test
    void passesWhenEveryProbeHolds() throws Exception {
        peer.answering("/docs", 200, "<title>MLX</title>");

        var done = probe(LONG, get("API gateway", "/health"), get("MLX", "/docs"));

        assertThat(((ProbesPassed) done.result()).getOutcomes())
                .extracting(ProbeOutcome::getName, ProbeOutcome::getStatus, ProbeOutcome::getSample)
                .containsExactly(
                        tuple("API gateway", 200, "{\"status\":\"up\"}"), tuple("MLX", 200, "<title>MLX</title>"));
        assertThat(done.detail()).startsWith("all 2 probes hold");
    }

    @Test
    void namesEachFailingProbeWithWhatItSaid() throws Exception {
        peer.answering("/broken", 500, "no database\n  today");
        int closed = HttpPeer.freePort();

        var failure = failure(
                RecordedStep.within(SHORT),
                get("API gateway", "/broken").build(),
                get("MLX", "/health").build(),
                get("GUI", "/").setUrl("http://localhost:" + closed + "/").build());

        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text())
                .startsWith("2 of 3 probes fail: ")
                .contains("API gateway: GET " + peer.url("/broken") + " → 500, expected 200: no database today")
                .contains("GUI: GET http://localhost:" + closed + "/ does not answer (connection refused)")
                .doesNotContain("MLX");
    }

    @Test
    void waitsForAServiceThatNeedsAMomentAfterItsStart() throws Exception {
        var asked = new AtomicInteger();
        peer.answering(
                "/slow-start", exchange -> HttpPeer.answer(exchange, asked.incrementAndGet() < 3 ? 503 : 200, "ready"));

        var done = probe(LONG, get("API gateway", "/slow-start"));

        assertThat(asked).hasValue(3);
        assertThat(done.detail()).startsWith("API gateway answers in ").endsWith(": ready");
    }

    @Test
    void asksOnceWhereItIsOnlyToLook() {
        var asked = new AtomicInteger();
        peer.answering("/busy", exchange -> {
            asked.incrementAndGet();
            HttpPeer.answer(exchange, 503, "busy");
        });

        var failure = failure(
                RecordedStep.within(LONG),
                get("API gateway", "/busy").setPatient(false).build());

        assertThat(asked).hasValue(1);
        assertThat(failure.kind()).isEqualTo(FailureKind.MISMATCH);
        assertThat(failure.text()).contains("→ 503, expected 200: busy");
    }

    @Test
    void waitsForAServerThatDoesNotListenYet() throws Exception {
        int port = HttpPeer.freePort();
        var late =
                get("late", "/").setUrl("http://localhost:" + port + "/health").build();
        var tries = new AtomicInteger();
        var servers = new ConcurrentLinkedQueue<HttpPeer>();
        var step = RecordedStep.within(LONG).beforeEachTry(() -> {
            if (tries.incrementAndGet() == 3) {
                servers.add(HttpPeer.on(port).answering("/health", 200, "up"));
            }
        });

        var done = execute(step, late);

        servers.forEach(HttpPeer::close);
        assertThat(tries).hasValue(3);
        assertThat(done.detail()).startsWith("late answers");
    }

    @Test
    void sendsAllProbesSideBySide() throws Exception {
        var together = new CyclicBarrier(3);
        peer.answering("/together", exchange -> {
            try {
                together.await(20, TimeUnit.SECONDS);
                HttpPeer.answer(exchange, 200, "met");
            } catch (Exception e) {
                HttpPeer.answer(exchange, 500, "alone");
            }
        });

        var done = probe(LONG, get("a", "/together"), get("b", "/together"), get("c", "/together"));

        assertThat(((ProbesPassed) done.result()).getOutcomes()).hasSize(3);
    }

    @Test
    void sendsSecretsButNeverShowsThem() throws Exception {
        var seen = new ConcurrentLinkedQueue<String>();
        peer.answering("/v1/query", exchange -> {
            var authorization = exchange.getRequestHeaders().getFirst("Authorization");
            var body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            seen.add(authorization + " " + exchange.getRequestURI().getQuery() + " " + body);
            HttpPeer.answer(exchange, 200, "you sent " + authorization + " and " + body);
        });
        var probe = get("query", "/v1/query")
                .setUrl(peer.url("/v1/query?key=${env:KEY}"))
                .setMethod("POST")
                .setHeaders(Map.of("Authorization", "Bearer ${env:KEY}"))
                .setBody("{\"key\":\"${env:KEY}\"}");
        var step = RecordedStep.within(LONG).with(Map.of("KEY", "s3cret-value"));

        var done = handler(CheckEndToEnd.class).execute(new CheckEndToEnd(probe.build()), step);
        var failure = failure(
                RecordedStep.within(SHORT).with(Map.of("KEY", "s3cret-value")),
                probe.setStatus(201).build());

        assertThat(seen).contains("Bearer s3cret-value key=s3cret-value {\"key\":\"s3cret-value\"}");
        assertThat(done.detail() + done.result() + step.notes())
                .doesNotContain("s3cret")
                .contains("Bearer ***");
        assertThat(failure.text()).doesNotContain("s3cret").contains("${env:KEY}", "you sent Bearer ***");
    }

    @Test
    void doesNotQuoteASecretThatCannotBeSent() {
        var probe = get("query", "/health")
                .setHeaders(Map.of("X-Key", "${env:KEY}"))
                .build();

        var failure = failure(RecordedStep.within(LONG).with(Map.of("KEY", "two\nlines")), probe);

        assertThat(failure.kind()).isEqualTo(FailureKind.INVALID);
        assertThat(failure.text()).contains("probe query").doesNotContain("lines");
        assertThat(failure.getCause()).isNull();
    }

    @Test
    void saysAtOnceWhichSecretIsMissing() {
        var probe = get("query", "/health")
                .setHeaders(Map.of("X-Key", "${env:KEY}"))
                .build();

        var failure = failure(RecordedStep.within(LONG), probe);

        assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(failure.text()).contains("${env:KEY}");
    }

    @Test
    void expectsATextWhereTheModelAnswers() throws Exception {
        peer.answering("/ok", 200, "{\"choices\":[{\"message\":{\"content\":\"All fine.\"}}]}");
        peer.answering("/empty", 200, "{\"choices\":[{\"message\":{\"content\":\"  \"}}]}");
        peer.answering("/none", 200, "{\"choices\":[]}");
        peer.answering("/html", 200, "<html>");

        var done = handler(CheckModel.class).execute(new CheckModel(model("/ok")), RecordedStep.within(LONG));

        assertThat(done.detail()).contains("All fine.");
        assertThat(objection(model("/empty"))).contains("has no text at /choices/0/message/content");
        assertThat(objection(model("/none"))).contains("has no text at /choices/0/message/content: {\"choices\":[]}");
        assertThat(objection(model("/html"))).contains("is not JSON: <html>");
    }

    @Test
    void expectsThePatternInTheBody() throws Exception {
        assertThat(probe(LONG, get("gateway", "/health").setBodyPattern("\"status\":\\s*\"up\""))
                        .detail())
                .startsWith("gateway answers");
        assertThat(objection(get("gateway", "/health").setBodyPattern("healthy").build()))
                .contains("→ 200, but nothing in the answer matches `healthy`: {\"status\":\"up\"}");
    }

    @Test
    void doesNotFollowRedirects() {
        peer.answering("/moved", exchange -> {
            exchange.getResponseHeaders().set("Location", peer.url("/health"));
            HttpPeer.answer(exchange, 302, "");
        });

        assertThat(objection(get("gateway", "/moved").build())).contains("→ 302, expected 200");
    }

    @Test
    void hangsUpOnAnEndlessAnswer() throws Exception {
        var hungUp = new CountDownLatch(1);
        peer.answering("/endless", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, 0);
                var block = "x".repeat(8192).getBytes(UTF_8);
                while (true) {
                    exchange.getResponseBody().write(block);
                }
            } catch (IOException e) {
                hungUp.countDown();
            }
        });

        var done = probe(LONG, get("stream", "/endless"));

        assertThat(((ProbesPassed) done.result()).getOutcomes().getFirst().getSample())
                .isEqualTo("x".repeat(200));
        assertThat(hungUp.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void givesUpOnAnAnswerThatNeverEnds() throws Exception {
        var over = new CountDownLatch(1);
        peer.answering("/dripping", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write('x');
                exchange.getResponseBody().flush();
                over.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });

        assertThat(objection(get("dripping", "/dripping").build())).contains("does not answer within");
        over.countDown();
    }

    @Test
    void stopsWhenTheStepIsCancelled() throws Exception {
        var asked = new CountDownLatch(1);
        peer.answering("/never", exchange -> {
            asked.countDown();
            HttpPeer.answer(exchange, 503, "");
        });
        var outcome = new ConcurrentLinkedQueue<Throwable>();
        var worker = Thread.ofVirtual().start(() -> {
            try {
                probe(Duration.ofMinutes(10), get("never", "/never"));
            } catch (Throwable e) {
                outcome.add(e);
            }
        });

        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
        worker.interrupt();

        assertThat(worker.join(Duration.ofSeconds(10))).isTrue();
        assertThat(outcome).singleElement().isInstanceOf(InterruptedException.class);
    }

    @Test
    void refusesProbesThatCanNeverWork() {
        assertThat(failure(
                                RecordedStep.within(LONG),
                                get("a", "/health").setBodyPattern("(").build())
                        .text())
                .contains("body pattern of probe a `(` is not a regular expression");
        assertThat(failure(
                                RecordedStep.within(LONG),
                                get("b", "/health").setAnswerPointer("answer").build())
                        .text())
                .contains("probe b", "`answer` is not a JSON pointer");
        assertThat(failure(
                                RecordedStep.within(LONG),
                                get("c", "/").setUrl("ftp://localhost/").build())
                        .text())
                .contains("probe c", "invalid URI scheme ftp");
    }

    private HttpProbe.Builder get(String name, String path) {
        return HttpProbe.newBuilder().setName(name).setUrl(peer.url(path));
    }

    private HttpProbe model(String path) {
        return get("model", path)
                .setMethod("POST")
                .setBody("{}")
                .setAnswerPointer("/choices/0/message/content")
                .build();
    }

    private Completed probe(Duration time, HttpProbe.Builder... probes) throws StepFailure, InterruptedException {
        return execute(
                RecordedStep.within(time),
                Stream.of(probes).map(HttpProbe.Builder::build).toArray(HttpProbe[]::new));
    }

    private Completed execute(StepContext step, HttpProbe... probes) throws StepFailure, InterruptedException {
        return handler(ProbeHttp.class).execute(new ProbeHttp(List.of(probes)), step);
    }

    private String objection(HttpProbe probe) {
        return failure(RecordedStep.within(SHORT), probe).text();
    }

    private StepFailure failure(StepContext step, HttpProbe... probes) {
        var failure = catchThrowableOfType(StepFailure.class, () -> execute(step, probes));
        assertThat(failure).isNotNull();
        return failure;
    }

    @SuppressWarnings("unchecked") // A handler's action is what it is a handler of.
    private <A extends SpecificRecord> StepHandler<A> handler(Class<A> action) {
        return (StepHandler<A>) ProbeHandler.all(prober).stream()
                .filter(handler -> handler.action() == action)
                .findFirst()
                .orElseThrow();
    }
}
