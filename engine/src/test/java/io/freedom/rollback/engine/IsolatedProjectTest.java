package io.freedom.rollback.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.Isolation;
import io.freedom.rollback.worker.StepFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IsolatedProjectTest {
    private static final Isolation APART = new Isolation("shop", "/srv/shop", 20_000);

    private static Map<String, Object> isolated(String yaml) throws StepFailure {
        return ComposeModel.document(IsolatedProject.of(yaml, "shop-drill", Path.of("/b/.drill/work"), APART));
    }

    private static Map<String, Object> service(String yaml, String name) throws StepFailure {
        return ComposeModel.map(ComposeModel.map(isolated(yaml).get("services")).get(name));
    }

    @Test
    void movesPortsOfEveryForm() throws StepFailure {
        var api = service("""
                services:
                  api:
                    image: a
                    ports:
                      - {mode: ingress, target: 80, published: "8080", protocol: tcp, host_ip: 127.0.0.1}
                      - {target: 81, published: "9000-9002"}
                      - {target: 82}
                      - "127.0.0.1:53:53/udp"
                      - "70:70"
                """, "api");

        assertThat((List<?>) api.get("ports"))
                .map(Object::toString)
                .containsExactly(
                        "{mode=ingress, target=80, published=28080, protocol=tcp, host_ip=127.0.0.1}",
                        "{target=81, published=29000-29002}",
                        "{target=82}",
                        "127.0.0.1:20053:53/udp",
                        "20070:70");
    }

    @Test
    void sharesNoNameOfContainerVolumeNetworkOrBuiltImage() throws StepFailure {
        var yaml = """
                name: shop
                services:
                  api:
                    container_name: the-api
                    image: shop/api:live
                    build: {context: /b/.drill/work/api, tags: ["shop/api:other"]}
                    networks: {front: {ipv4_address: 10.1.2.3}, default: null}
                  worker: {image: "shop/api:live"}
                  db: {image: "postgres:15"}
                volumes:
                  data: {name: precious}
                networks:
                  front: {name: shared, external: true}
                  default: {name: shop_default, ipam: {config: [{subnet: 10.1.2.0/24}]}}
                """;

        var whole = isolated(yaml);
        assertThat(whole).doesNotContainKey("name");
        assertThat(service(yaml, "api"))
                .doesNotContainKey("container_name")
                .containsEntry("image", "rollback-drill/shop-drill-api")
                .containsEntry("labels", Map.of("io.freedom.rollback.drill", "shop"))
                .containsEntry("build", Map.of("context", "/b/.drill/work/api"))
                .containsEntry("networks", Map.of("front", Map.of(), "default", Map.of()));
        assertThat(service(yaml, "worker"))
                .as("runs what api builds")
                .containsEntry("image", "rollback-drill/shop-drill-api");
        assertThat(service(yaml, "db")).as("is pulled").containsEntry("image", "postgres:15");
        var marked = Map.of("io.freedom.rollback.drill", "shop");
        assertThat(whole.get("volumes")).isEqualTo(Map.of("data", Map.of("name", "shop-drill_data", "labels", marked)));
        assertThat(whole.get("networks"))
                .isEqualTo(Map.of(
                        "front", Map.of("name", "shop-drill_front", "labels", marked),
                        "default", Map.of("name", "shop-drill_default", "labels", marked)));
    }

    @Test
    void mountsTheCopyForTheOriginalAndNothingElseForWriting() throws StepFailure {
        var api = service("""
                services:
                  api:
                    image: a
                    volumes:
                      - {type: bind, source: /srv/shop/config, target: /c}
                      - {type: bind, source: /b/.drill/work/data, target: /d}
                      - {type: bind, source: /etc/localtime, target: /l}
                      - {type: volume, source: data, target: /v}
                    environment: {HOME_OF: /srv/shop, OTHER: /srv/shopping}
                """, "api");

        assertThat((List<?>) api.get("volumes"))
                .map(Object::toString)
                .containsExactly(
                        "{type=bind, source=/b/.drill/work/config, target=/c}",
                        "{type=bind, source=/b/.drill/work/data, target=/d}",
                        "{type=bind, source=/etc/localtime, target=/l, read_only=true}",
                        "{type=volume, source=data, target=/v}");
        assertThat(api.get("environment")).isEqualTo(Map.of("HOME_OF", "/b/.drill/work", "OTHER", "/srv/shopping"));
    }

    @Test
    void writesThroughNoLinkThatLeadsOutOfTheCopy(@TempDir Path folder) throws Exception {
        var copy = Files.createDirectory(folder.resolve("copy"));
        Files.createDirectory(copy.resolve("own"));
        Files.createSymbolicLink(copy.resolve("data"), Files.createDirectory(folder.resolve("live")));
        var yaml = """
                services:
                  api:
                    image: a
                    volumes:
                      - {type: bind, source: /srv/shop/own, target: /o}
                      - {type: bind, source: /srv/shop/data, target: /d}
                """;

        var isolated = ComposeModel.document(IsolatedProject.of(yaml, "shop-drill", copy, APART));

        var api = ComposeModel.map(ComposeModel.map(isolated.get("services")).get("api"));
        assertThat((List<?>) api.get("volumes"))
                .map(mount -> ComposeModel.map(mount).containsKey("read_only"))
                .containsExactly(false, true);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "services: {a: {image: a, network_mode: host}} | service a has network_mode host",
                "{services: {a: {image: a}}, volumes: {data: {external: true}}} | volume data is external",
                "{services: {a: {image: a}}, volumes: {d: {driver: local, driver_opts: {type: none, o: bind, device: /srv/pg}}}} | volume d has a driver or driver_opts",
                "{services: {a: {image: a}}, volumes: {d: {driver: rexray}}} | volume d has a driver or driver_opts",
                "services: {a: {image: a, volumes: [{type: bind, source: /run/docker.sock, target: /s}]}} | the engine's socket is mounted",
                "services: {a: {image: a, ports: [{target: 1, published: '60000'}]}} | choose a smaller --port-offset"
            })
    void refusesWhatCannotBeKeptApart(String yaml, String why) {
        assertThatThrownBy(() -> isolated(yaml)).hasMessageContaining(why);
    }
}
