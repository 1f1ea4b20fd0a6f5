package io.freedom.rollback.git;

import io.freedom.rollback.schemas.action.AddWorktree;
import io.freedom.rollback.schemas.action.BringFilesBack;
import io.freedom.rollback.schemas.action.CheckOutPaths;
import io.freedom.rollback.schemas.action.CheckOutTarget;
import io.freedom.rollback.schemas.action.PathsCheckedOut;
import io.freedom.rollback.schemas.action.PathsReturned;
import io.freedom.rollback.schemas.action.PreserveChanges;
import io.freedom.rollback.schemas.action.RecordGitState;
import io.freedom.rollback.schemas.action.RemoveWorktree;
import io.freedom.rollback.schemas.action.ReturnPaths;
import io.freedom.rollback.schemas.action.ReturnToPrevious;
import io.freedom.rollback.schemas.action.SetFilesAside;
import io.freedom.rollback.schemas.action.SwapFiles;
import io.freedom.rollback.schemas.action.VerifyTarget;
import io.freedom.rollback.schemas.action.VerifyWorkTree;
import io.freedom.rollback.worker.Command;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.Probe;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;

/** A real repository with a tag behind its branch {@code main}, and the worker's steps on it. */
final class Platform {
    static final String TAG = "graveyard/pre-reset";

    final Path root;
    final Path directory;
    final Path beside;
    private final Engine engine;

    Platform(Path temporary, Engine engine) throws Exception {
        this.engine = engine;
        root = Files.createDirectories(temporary.resolve("live").resolve("platform"))
                .toRealPath();
        directory = temporary.resolve("rollback");
        beside = root.resolveSibling("worktree");
        git("init", "--quiet", "--initial-branch=main");
        git("config", "user.name", "Test");
        git("config", "user.email", "test@localhost");
        write(".gitignore", "*.log\n/models/\n");
        write("Makefile", "v1\n");
        write("services/api/main.py", "print(1)\n");
        write("services/api/old.py", "only at the tag\n");
        write("config/kb.json", "{}\n");
        commit("Build the first version");
        git("tag", "--annotate", "--message=stable", TAG);
        write(".gitignore", "*.log\n/models/\n.env\n");
        write("Makefile", "v2\n");
        write("services/api/main.py", "print(2)\n");
        write("services/kb/main.py", "print('kb')\n");
        Files.delete(root.resolve("services/api/old.py"));
        commit("Build the second version");
    }

    /** Staged, unstaged, untracked, deleted, made executable, linked, and with odd names. */
    void makeDirty() throws Exception {
        write("Makefile", "v2 staged\n");
        git("add", "Makefile");
        write("Makefile", "v2 staged, then edited\n");
        write("services/api/main.py", "print('hotfix')\n");
        write("services/new/staged.py", "staged\n");
        git("add", "services/new/staged.py");
        write("notes/incident.txt", "untracked\n");
        write(" a\tname\nwith 'quotes' and \"ümlaut\" 🦊", "odd\n");
        write("-n", "dash\n");
        Files.write(root.resolve("binary.bin"), new byte[] {0, 1, 2, (byte) 0xff, 0, 10});
        Files.delete(root.resolve("config/kb.json"));
        Files.setPosixFilePermissions(
                root.resolve("services/kb/main.py"), PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createSymbolicLink(root.resolve("outside"), Path.of("/nowhere/outside"));
        write("secret.txt", "untracked secret\n");
        Files.setPosixFilePermissions(root.resolve("secret.txt"), PosixFilePermissions.fromString("rw-------"));
        write(".env", "KEY=1\n");
        write("models/big.bin", "weights\n");
        write("run.log", "log\n");
    }

    void write(String path, String content) throws Exception {
        var file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    String read(String path) throws Exception {
        return Files.readString(root.resolve(path));
    }

    boolean has(String path) {
        return Files.exists(root.resolve(path), LinkOption.NOFOLLOW_LINKS);
    }

    void commit(String message) throws Exception {
        git("add", "--all");
        git("commit", "--quiet", "--message=" + message);
    }

    String git(String... arguments) throws Exception {
        var argv = new ArrayList<>(List.of("git"));
        argv.addAll(Arrays.asList(arguments));
        return Command.in(root, argv)
                .environment("GIT_OPTIONAL_LOCKS", "0")
                .check()
                .stdout();
    }

    /** All that an operator could see: branch, status, index, and each file's kind, permissions and content. */
    Map<String, String> state() throws Exception {
        var state = new TreeMap<String, String>();
        state.put("#status", git("status", "--porcelain=v2", "--branch", "-z"));
        state.put("#index", git("ls-files", "--stage", "-v", "-z"));
        state.putAll(files());
        return state;
    }

    Map<String, String> files() throws Exception {
        var files = new TreeMap<String, String>();
        try (var paths = Files.walk(root)) {
            for (var path : paths.toList()) {
                var name = root.relativize(path).toString();
                if (name.equals(".git") || name.startsWith(".git/")) {
                    continue;
                }
                if (Files.isSymbolicLink(path)) {
                    files.put(name, "-> " + Files.readSymbolicLink(path));
                } else if (Files.isRegularFile(path)) {
                    files.put(
                            name,
                            PosixFilePermissions.toString(Files.getPosixFilePermissions(path)) + " "
                                    + Arrays.toString(Files.readAllBytes(path)));
                }
            }
        }
        return files;
    }

    Completed verifyTarget(String tag, String... critical) throws Exception {
        return run(new VerifyTarget(root.toString(), tag, List.of(critical), true));
    }

    Completed recordState() throws Exception {
        return run(new RecordGitState(root.toString(), directory.toString()));
    }

    PreserveChanges preserveAction() {
        return new PreserveChanges(root.toString(), directory.toString());
    }

    CheckOutTarget checkOutAction() {
        return new CheckOutTarget(root.toString(), TAG);
    }

    ReturnToPrevious returnAction() {
        return new ReturnToPrevious(root.toString());
    }

    SetFilesAside setAsideAction(String... except) {
        return new SetFilesAside(root.toString(), List.of(except));
    }

    SwapFiles swapAction(String... paths) {
        return new SwapFiles(root.toString(), List.of(paths));
    }

    BringFilesBack bringBackAction() {
        return new BringFilesBack(root.toString());
    }

    CheckOutPaths checkOutPathsAction(String... paths) {
        return new CheckOutPaths(root.toString(), TAG, List.of(paths));
    }

    ReturnPaths returnPathsAction(String... paths) {
        return new ReturnPaths(root.toString(), List.of(paths));
    }

    AddWorktree addAction() {
        return new AddWorktree(root.toString(), TAG, beside.toString());
    }

    RemoveWorktree removeAction() {
        return new RemoveWorktree(root.toString(), beside.toString());
    }

    Completed preserve() throws Exception {
        return run(preserveAction());
    }

    Completed checkOut() throws Exception {
        return run(checkOutAction());
    }

    PathsCheckedOut checkOutPaths(String... paths) throws Exception {
        return (PathsCheckedOut) run(checkOutPathsAction(paths)).result();
    }

    PathsReturned returnPaths(String... paths) throws Exception {
        return (PathsReturned) run(returnPathsAction(paths)).result();
    }

    Completed verify(String... critical) throws Exception {
        return run(new VerifyWorkTree(root.toString(), TAG, List.of(critical)));
    }

    Completed goBack() throws Exception {
        return run(returnAction());
    }

    Completed run(SpecificRecord action) throws Exception {
        return run(action, new RecordingStep("r-1"));
    }

    /** As the worker does it: looks first. */
    Completed run(SpecificRecord action, StepContext step) throws Exception {
        return probe(handler(action), action, step) instanceof Probe.Applied(var completed)
                ? completed
                : execute(handler(action), action, step);
    }

    Probe probe(SpecificRecord action) throws Exception {
        return probe(handler(action), action, new RecordingStep("r-1"));
    }

    private static <A extends SpecificRecord> Completed execute(
            StepHandler<A> handler, SpecificRecord action, StepContext step) throws Exception {
        return handler.execute(handler.action().cast(action), step);
    }

    private static <A extends SpecificRecord> Probe probe(
            StepHandler<A> handler, SpecificRecord action, StepContext step) throws Exception {
        return handler.probe(handler.action().cast(action), step);
    }

    private StepHandler<?> handler(SpecificRecord action) {
        return GitConfiguration.capability(engine.trees()).handlers().stream()
                .filter(handler -> handler.action().isInstance(action))
                .findFirst()
                .orElseThrow();
    }
}
