package io.freedom.rollback.standalone.registry.guard;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Starts the registry and ends it when its standard input does. The parent holds the other end of that pipe, so even a
 * parent killed with SIGKILL leaves no registry behind that would keep the port and the lock on the database.
 */
public final class RegistryGuard {
    private RegistryGuard() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        // Read here: the registry replaces System.in by a stream of its own.
        var parent = System.in;
        Thread.ofPlatform().daemon().name("parent-watch").start(() -> endWith(parent));
        Class.forName("io.quarkus.bootstrap.runner.QuarkusEntryPoint")
                .getMethod("main", String[].class)
                .invoke(null, (Object) args);
    }

    @SuppressWarnings("SystemExitOutsideMain") // Runs the database's shutdown hook, then ends.
    private static void endWith(InputStream parent) {
        try {
            parent.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe means the same as its end.
        }
        System.exit(0);
    }
}
