package io.freedom.rollback.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.core.env.MapPropertySource;

class VaultConfigurationTest {
    @TempDir
    private Path temp;

    private static Vault vault(Map<String, Object> properties) {
        try (var context = new AnnotationConfigApplicationContext()) {
            context.getEnvironment().getPropertySources().addFirst(new MapPropertySource("test", properties));
            context.register(VaultConfiguration.class);
            context.refresh();
            return context.getBean(Vault.class);
        }
    }

    @Test
    void twoWorkersThatStartAtOnceHaveTheSameKeyWhereItsPlaceIsNamed() throws Exception {
        var file = temp.resolve("backups.key");
        var starts = new ArrayList<Callable<Vault>>();
        for (int i = 0; i < 8; i++) {
            starts.add(() -> vault(Map.of("rollback.backups.key-file", file.toString())));
        }

        try (var threads = Executors.newFixedThreadPool(8)) {
            for (var start : threads.invokeAll(starts)) {
                assertThat(start.get().keys().identities())
                        .isEqualTo(BackupKeys.read(file).identities());
            }
        }
        assertThat(BackupKeys.read(file).identities()).hasSize(1);
    }

    @Test
    void noWorkerMakesAKeyAtAPlaceThatNobodyNamedUnlessItIsTheOneToDoSo() {
        var vault = vault(Map.of());

        assertThat(Path.of("data")).doesNotExist();
        assertThatThrownBy(vault::requireKeys)
                .isInstanceOf(KeyException.class)
                .hasMessageContaining("there is no key file "
                        + Path.of("data/keys/backups.key").toAbsolutePath())
                .hasMessageContaining("set rollback.backups.key-file");
    }

    @Test
    void takesTheSettings() throws Exception {
        var vault = vault(Map.of(
                "rollback.backups.key-file",
                temp.resolve("backups.key").toString(),
                "rollback.backups.recipients",
                "age1nonsense"));
        assertThatThrownBy(vault::requireKeys).hasMessageContaining("\"age1nonsense\" is no public key of age");

        var plain = vault(Map.of(
                "rollback.backups.key-file",
                temp.resolve("none/backups.key").toString(),
                "rollback.backups.encrypt",
                "false"));
        plain.requireKeys();
        assertThat(plain.sealed(temp.resolve("x"), true)).isEqualTo(temp.resolve("x.zst"));
        assertThat(Files.exists(temp.resolve("none"))).isFalse();
    }
}
