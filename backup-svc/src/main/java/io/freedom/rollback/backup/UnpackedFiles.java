package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.InnerFolder;
import io.freedom.rollback.worker.StepFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.apache.commons.io.file.PathUtils;
import org.eclipse.jgit.errors.RepositoryNotFoundException;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;

/**
 * Where files of a restore point wait until git-svc swaps them in: in the git directory, because from there a whole folder is moved into
 * the work tree in an instant, and no service looks there. The name is git-svc's.
 */
record UnpackedFiles(Path gitDirectory, String rollbackId) {
    static UnpackedFiles of(Path workTree, String rollbackId) throws StepFailure {
        try (var repository = new FileRepositoryBuilder()
                .setWorkTree(workTree.toFile())
                .setMustExist(true)
                .build()) {
            return new UnpackedFiles(repository.getDirectory().toPath(), rollbackId);
        } catch (RepositoryNotFoundException e) {
            throw new StepFailure(
                    FailureKind.PRECONDITION, workTree + " is not a git work tree: correct the descriptor", e);
        } catch (IOException e) {
            throw new StepFailure(FailureKind.TOOL, "the repository of " + workTree + " cannot be read: " + e, e);
        }
    }

    Path folder() {
        return gitDirectory.resolve("rollback-set-aside").resolve(rollbackId).resolve("restored");
    }

    void make() throws IOException, StepFailure {
        if (!InnerFolder.make(gitDirectory, folder())) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "a link on the way to " + folder()
                            + " leads out of the git directory: remove it, and find out who has put it there");
        }
    }

    /** Of an attempt that was broken off, too. Returns how many files went. */
    long remove() throws IOException {
        return Files.isDirectory(folder(), LinkOption.NOFOLLOW_LINKS)
                ? PathUtils.deleteDirectory(folder()).getFileCounter().get()
                : 0;
    }
}
