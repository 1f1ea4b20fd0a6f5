package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.ComposeModel;
import io.freedom.rollback.engine.ComposeService;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ImagesPrepared;
import io.freedom.rollback.schemas.action.PrepareImages;
import io.freedom.rollback.schemas.action.PreparedImage;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes the target's images while the platform still serves, under names of their own: a live name that moved would
 * turn any restart into a deployment. Built images are kept for the next rollback to the same revision.
 */
final class PrepareImagesHandler implements StepHandler<PrepareImages> {
    private static final Duration PULL = Duration.ofMinutes(10);

    private final EngineProvider engines;

    PrepareImagesHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<PrepareImages> action() {
        return PrepareImages.class;
    }

    @Override
    public Completed execute(PrepareImages action, StepContext step) throws StepFailure, InterruptedException {
        var project = action.getCompose().getProject();
        var source = Path.of(action.getSource());
        var live = new Compose(action.getCompose());
        var target = new Compose(action.getCompose(), source);
        var engine = engines.engine();
        // A tag may move: what it pointed to when it was verified is what is built.
        var revision =
                step.find(TargetVerified.class).map(TargetVerified::getCommit).orElse(action.getRevision());
        // Declared here, ended last: compose reads env files for `config` and the build may copy them.
        try (var lent =
                LentEnvFiles.lend(target.files(), Path.of(action.getCompose().getDirectory()), source)) {
            var model = target.model();
            var wanted = wanted(action, revision, live, model, engine, step);
            requirePorts(wanted.values(), project, engine);
            pullMissing(wanted.values().stream().filter(Wanted::isPulled).toList(), target, engine, step);
            build(action, model, wanted, source, target, engine, step);
            return completed(wanted.values(), engine);
        }
    }

    /** @param builder the service that builds the image, itself or another; null for one that nobody builds */
    private record Wanted(
            ComposeService service,
            String image,
            String preparedImage,
            @Nullable ComposeService builder,
            boolean present) {
        boolean isPulled() {
            return builder == null;
        }
    }

    private static TreeMap<String, Wanted> wanted(
            PrepareImages action, String revision, Compose live, ComposeModel model, Engine engine, StepContext step)
            throws StepFailure, InterruptedException {
        var services = action.getServices();
        KnownServices.check(
                "the compose file in " + action.getSource() + " defines",
                services,
                model.services().keySet(),
                "");
        var builders = builders(model, live);
        var wanted = new TreeMap<String, Wanted>();
        for (var service : model.services().values()) {
            if (!services.isEmpty() && !services.contains(service.name())) {
                continue;
            }
            var image = live.imageName(service);
            var builder = builders.get(image);
            boolean taken = action.getTakePresent() && engine.images().id(image).isPresent();
            var prepared = builder == null || taken ? image : prepared(action, revision, builder, step);
            boolean present = engine.images().id(prepared).isPresent();
            wanted.put(service.name(), new Wanted(service, image, prepared, builder, present));
        }
        return wanted;
    }

    /** Who builds an image, by its name: several services may share one that one of them builds, and all get that. */
    static Map<String, ComposeService> builders(ComposeModel model, Compose live) {
        var builders = new TreeMap<String, ComposeService>();
        for (var service : new TreeMap<>(model.services()).values()) {
            if (service.isBuilt()) {
                builders.putIfAbsent(live.imageName(service), service);
            }
        }
        return builders;
    }

    private static void requirePorts(Iterable<Wanted> all, String project, Engine engine)
            throws StepFailure, InterruptedException {
        var services = new ArrayList<ComposeService>();
        all.forEach(wanted -> services.add(wanted.service()));
        var taken = TakenPorts.besides(project, engine).byOthers(services);
        if (!taken.isEmpty()) {
            throw new StepFailure(
                    FailureKind.PRECONDITION,
                    "the target could not start here; nothing was stopped: " + String.join("; ", taken));
        }
    }

    /** Built anew, an image gets a name of this rollback: its next attempt finds it, and later rollbacks do not. */
    private static String prepared(PrepareImages action, String revision, ComposeService service, StepContext step) {
        var project = action.getCompose().getProject();
        var source = Path.of(action.getSource()).toString();
        return action.getReuse()
                ? ImageNames.prepared(project, service.name(), revision, service.build(), source)
                : ImageNames.preparedOnce(project, service.name(), step.rollbackId(), service.build(), source);
    }

    private static void pullMissing(List<Wanted> images, Compose target, Engine engine, StepContext step)
            throws StepFailure, InterruptedException {
        for (var wanted : images) {
            if (wanted.present()) {
                continue;
            }
            step.checkpoint();
            step.progress(0, 0, "images", "pulling " + wanted.image());
            var left = Containers.left(step.deadline());
            var result = target.run(
                    left.compareTo(PULL) < 0 ? left : PULL,
                    List.of("pull", wanted.service().name()));
            if (engine.images().id(wanted.image()).isEmpty()) {
                throw new StepFailure(
                        FailureKind.PRECONDITION,
                        "image %s of service %s is not here and cannot be pulled; load it (docker load) or mend the way to its registry, then retry: %s"
                                .formatted(
                                        wanted.image(),
                                        wanted.service().name(),
                                        result.stderr().strip()));
            }
        }
    }

    private static void build(
            PrepareImages action,
            ComposeModel model,
            Map<String, Wanted> wanted,
            Path source,
            Compose target,
            Engine engine,
            StepContext step)
            throws StepFailure, InterruptedException {
        var missing = new LinkedHashMap<String, String>();
        wanted.values().forEach(w -> {
            if (w.builder() != null && !w.present()) {
                missing.put(w.builder().name(), w.preparedImage());
            }
        });
        if (missing.isEmpty()) {
            return;
        }
        step.checkpoint();
        var arguments = action.getCache() ? List.of("build") : List.of("build", "--no-cache");
        try (var file = BuildFile.write(model, missing, target.isLegacy());
                var counting = new BuildProgress(engine, missing, step)) {
            var result = file.compose(action.getCompose().getProject(), source)
                    .run(Containers.left(step.deadline()), arguments);
            if (!result.succeeded()) {
                var failure = target.failure(arguments, result);
                throw new StepFailure(
                        failure.kind(),
                        "the target's images cannot be built; nothing was stopped. Mend the build or its base images, then retry. "
                                + failure.text());
            }
        }
    }

    private static Completed completed(Iterable<Wanted> all, Engine engine) throws StepFailure, InterruptedException {
        var images = new ArrayList<PreparedImage>();
        int built = 0;
        for (var wanted : all) {
            var id = engine.images()
                    .id(wanted.preparedImage())
                    .orElseThrow(() -> new StepFailure(
                            FailureKind.TOOL,
                            "compose built service %s but image %s is not there: is another engine in use (DOCKER_HOST, docker context, buildx driver)?"
                                    .formatted(wanted.service().name(), wanted.preparedImage())));
            images.add(PreparedImage.newBuilder()
                    .setService(wanted.service().name())
                    .setImage(wanted.image())
                    .setPreparedImage(wanted.preparedImage())
                    .setImageId(id)
                    .setReused(wanted.present())
                    .build());
            built += wanted.present() ? 0 : 1;
        }
        return new Completed(
                ImagesPrepared.newBuilder().setImages(images).build(),
                "%d images ready, %d made now, %d there before".formatted(images.size(), built, images.size() - built));
    }
}
