package io.freedom.rollback.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexFlagsTest {
    @TempDir
    Path temporary;

    @Test
    void seesChangesThatGitWasToldNotToSeeAndRestoresTheFlags() throws Exception {
        var platform = hiding(Engine.NATIVE);
        var before = platform.state();
        platform.preserve();
        platform.checkOut();
        assertThat(platform.read("Makefile")).isEqualTo("v1\n");
        assertThat(platform.read("services/api/main.py")).isEqualTo("print(1)\n");
        platform.goBack();
        assertThat(platform.state()).isEqualTo(before);
    }

    @Test
    void refusesFlagsThatJGitCannotRestore() throws Exception {
        var platform = hiding(Engine.JGIT);
        assertThatThrownBy(() -> platform.verifyTarget(Platform.TAG))
                .hasMessageContaining("only native git can restore: planned.py, Makefile, services/api/main.py")
                .hasMessageContaining("Install git");
    }

    private Platform hiding(Engine engine) throws Exception {
        var platform = new Platform(temporary, engine);
        platform.git("update-index", "--assume-unchanged", "Makefile");
        platform.git("update-index", "--skip-worktree", "services/api/main.py");
        platform.write("Makefile", "hidden change\n");
        platform.write("services/api/main.py", "hidden change\n");
        platform.write("planned.py", "intended\n");
        platform.git("add", "--intent-to-add", "planned.py");
        return platform;
    }
}
