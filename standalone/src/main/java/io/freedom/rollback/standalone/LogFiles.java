package io.freedom.rollback.standalone;

import java.nio.file.Path;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Sends all logging of the process to files: the broker's to one, everything else to another. */
final class LogFiles {
    private LogFiles() {}

    /** Before the first logger is made. */
    static void writeTo(Path directory) {
        System.setProperty("rollback.log-directory", directory.toString());
        System.setProperty("logback.configurationFile", "io/freedom/rollback/standalone/logback.xml");
        // Spring Boot would set up logging once more, to the console.
        System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
        // Tomcat logs through java.util.logging.
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    static void record(String what, Throwable failure) {
        LoggerFactory.getLogger(StandaloneProgram.class).error(what, failure);
    }
}
