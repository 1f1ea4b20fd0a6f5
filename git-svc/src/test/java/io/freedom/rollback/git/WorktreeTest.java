package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freedom.rollback.schemas.action.AddWorktree;
import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.worker.Probe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Engine.class)
class WorktreeTest {
    @Parameter
    Engine engine;

    @TempDir
    Path temporary;

    private Platform platform;

    @BeforeEach
    void build() throws Exception {
        platform = new Platform(temporary, engine);
        platform.makeDirty();
    }

    @Test
    void addsAndRemovesAWorktreeBesideTheLiveOne() throws Exception {
        var before = platform.state();
        platform.run(platform.addAction());
        assertThat(platform.beside.resolve("Makefile")).hasContent("v1");
        assertThat(platform.beside.resolve("services/kb")).doesNotExist();
        assertThat(platform.git("-C", platform.beside.toString(), "status", "--porcelain"))
                .isEmpty();
        assertThat(platform.state()).isEqualTo(before);
        assertThat(platform.probe(platform.addAction())).isInstanceOf(Probe.Applied.class);

        platform.run(platform.removeAction());
        assertThat(platform.beside).doesNotExist();
        assertThat(platform.git("worktree", "list").lines()).hasSize(1);
        assertThat(platform.probe(platform.removeAction())).isInstanceOf(Probe.Applied.class);
    }

    @Test
    void replacesAHalfMadeWorktree() throws Exception {
        platform.run(platform.addAction());
        Files.delete(platform.beside.resolve("Makefile"));
        assertThat(platform.probe(platform.addAction())).isInstanceOf(Probe.NotApplied.class);
        platform.run(platform.addAction());
        assertThat(platform.beside.resolve("Makefile")).hasContent("v1");

        if (engine == Engine.NATIVE) {
            Files.delete(platform.beside.resolve(".git"));
            platform.run(platform.addAction());
            assertThat(platform.git("-C", platform.beside.toString(), "status", "--porcelain"))
                    .isEmpty();
        }
        platform.run(platform.removeAction());
        assertThat(platform.beside).doesNotExist();
    }

    @Test
    void neverRemovesWhatIsNotItsWorktree() throws Exception {
        Files.createDirectories(platform.beside);
        Files.writeString(platform.beside.resolve("precious"), "1");
        assertThatThrownBy(() -> platform.run(platform.addAction())).hasMessageContaining("is not a worktree of");
        assertThatThrownBy(() -> platform.run(platform.removeAction())).hasMessageContaining("is not a worktree of");
        assertThat(platform.beside.resolve("precious")).exists();

        var root = platform.root;
        for (var path : new Path[] {root, root.getParent(), root.resolve("services"), root.resolve("../platform")}) {
            assertThatThrownBy(() -> platform.run(new RemoveWorktree(root.toString(), path.toString())))
                    .hasMessageContaining("must lie outside");
            assertThatThrownBy(() -> platform.run(new AddWorktree(root.toString(), Platform.TAG, path.toString())))
                    .hasMessageContaining("must lie outside");
        }
        assertThat(platform.has("Makefile")).isTrue();
    }

    @Test
    void rollsBackALiveTreeThatIsItselfALinkedWorktree() throws Exception {
        platform.git("worktree", "add", "--quiet", "-b", "live", platform.beside.toString());
        try (var repository = GitRepository.open(platform.beside.toString())) {
            var tree = engine.trees().of(repository);
            Files.writeString(platform.beside.resolve("new.txt"), "1\n");
            var files = tree.snapshot(List.of());
            var target = Target.find(repository, Platform.TAG).commit().getTree();
            tree.replace(files, target);
            assertThat(tree.differences(target)).isEmpty();
            assertThat(platform.beside.resolve("new.txt")).doesNotExist();
            tree.replace(target, files);
            assertThat(platform.beside.resolve("new.txt")).hasContent("1");
        }
    }
}
