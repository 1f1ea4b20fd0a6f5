package io.freedom.rollback.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DrillCopyTest {
    private static final String SHOP = """
            apiVersion: rollback.freedom.io/v1
            name: shop
            workTree: /srv/shop
            target: good
            compose: {project: shop-stack, envFile: .env}
            services: [{name: api, paths: [api/]}]
            database:
              service: db
              name: kb
              user: u
              jdbcUrl: jdbc:postgresql://127.0.0.1/kb?ssl=false
              password: ${file:/srv/shop/.env#PW}
            probes:
              http:
                - {name: api, url: "http://127.0.0.1:8080/health", headers: {Authorization: "Bearer ${file:/srv/shop/.env#KEY}"}}
                - {name: gui, url: "https://shop.example.org/x:1"}
            backups: {directory: /var/backups/shop}
            notifications: [{name: chat, webhook: "http://127.0.0.1/"}]
            migration: {export: [a], import: [b]}
            """;

    private static PlatformDescriptor copy(String yaml) throws Exception {
        return DrillCopy.of(PlatformDescriptors.parse(yaml, "platform.yaml"), 20_000);
    }

    private static DatabaseSpec database(PlatformDescriptor copy) {
        return Objects.requireNonNull(copy.database());
    }

    @Test
    void sharesNothingWithItsPlatform() throws Exception {
        var copy = copy(SHOP);

        assertThat(copy.name()).isEqualTo("shop-drill");
        assertThat(copy.workTree()).isEqualTo("/var/backups/shop/.drills/shop/work");
        assertThat(copy.backups().directory()).isEqualTo("/var/backups/shop/.drills/shop/backups");
        assertThat(copy.compose().project()).isEqualTo("shop-stack-drill");
        assertThat(copy.compose().original()).isEqualTo(new Compose.Original("shop", "/srv/shop", 20_000));
        assertThat(database(copy).jdbcUrl()).isEqualTo("jdbc:postgresql://127.0.0.1:25432/kb?ssl=false");
        assertThat(database(copy).password()).isEqualTo("${file:/var/backups/shop/.drills/shop/work/.env#PW}");
        assertThat(copy.probes().http())
                .extracting(Probe::url)
                .containsExactly("http://127.0.0.1:28080/health", "https://shop.example.org:20443/x:1");
        assertThat(copy.probes().http().getFirst().headers())
                .isEqualTo(Map.of("Authorization", "Bearer ${file:/var/backups/shop/.drills/shop/work/.env#KEY}"));
    }

    @Test
    void asksAndTellsNobodyAndIsStartedByNothing() throws Exception {
        var copy = copy(SHOP);

        assertThat(copy.notifications()).isEmpty();
        assertThat(copy.incidents()).isEmpty();
        assertThat(copy.changes()).isEmpty();
        assertThat(copy.dataLoss().operators()).isZero();
        assertThat(copy.reset().operators()).isZero();
        assertThat(copy.watch().enabled()).isFalse();
        assertThat(copy.followUps()).isEmpty();
        assertThat(copy.migration())
                .as("its programs would find the platform's database")
                .isNull();
    }

    @Test
    void saysWhichPortThereIsNone() {
        assertThatThrownBy(() -> copy(SHOP.replace("127.0.0.1:8080", "127.0.0.1:60000")))
                .isInstanceOf(DrillCopy.Impossible.class)
                .hasMessageContaining("port 60000 becomes 80000")
                .hasMessageContaining("choose a smaller port offset");
    }

    @Test
    void readsSeveralDatabaseHosts() throws Exception {
        var copy = copy(SHOP.replace("//127.0.0.1/kb", "//a:1,[::1]:2,c/kb"));

        assertThat(database(copy).jdbcUrl()).isEqualTo("jdbc:postgresql://a:20001,[::1]:20002,c:25432/kb?ssl=false");
    }
}
