package io.freedom.rollback.container;

import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Counts the images that appear while compose builds; its output differs from builder to builder. */
final class BuildProgress implements AutoCloseable {
    private final Thread thread;

    /** @param images name by service */
    BuildProgress(Engine engine, Map<String, String> images, StepContext step) {
        thread = Thread.ofVirtual().start(() -> {
            try {
                while (!Thread.interrupted()) {
                    report(engine, images, step);
                    TimeUnit.SECONDS.sleep(1);
                }
            } catch (StepFailure e) {
                // The build itself fails, or goes on, without being counted.
            } catch (InterruptedException e) {
                // Closed.
            }
        });
    }

    private static void report(Engine engine, Map<String, String> images, StepContext step)
            throws StepFailure, InterruptedException {
        var missing = new ArrayList<String>();
        for (var image : images.entrySet()) {
            if (engine.images().id(image.getValue()).isEmpty()) {
                missing.add(image.getKey());
            }
        }
        step.progress(
                images.size() - missing.size(), images.size(), "images", "building " + String.join(", ", missing));
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
