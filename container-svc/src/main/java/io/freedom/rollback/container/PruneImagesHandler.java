package io.freedom.rollback.container;

import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineImage;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ImagesPruned;
import io.freedom.rollback.schemas.action.PruneImages;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Gives space back without touching what is in use, guarded by another rollback, or likely to be prepared again. */
final class PruneImagesHandler implements StepHandler<PruneImages> {
    /** Revisions whose prepared images are kept, per service. */
    private static final int REVISIONS = 3;

    private final EngineProvider engines;

    PruneImagesHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<PruneImages> action() {
        return PruneImages.class;
    }

    @Override
    public Completed execute(PruneImages action, StepContext step) throws StepFailure, InterruptedException {
        var engine = engines.engine();
        var project = action.getCompose().getProject();
        var images = engine.images();
        var before = images.layersSize();
        var used = new LinkedHashSet<String>();
        engine.containers(project).stream().map(EngineContainer::imageId).forEach(used::add);

        var names = new ArrayList<>(guards(images.named(ImageNames.GUARDS + "*"), action.getReleased()));
        if (!action.getGuardsOnly()) {
            names.addAll(outdated(images.named(ImageNames.PREPARED + "*"), project, used));
        }
        int removed = 0;
        for (var name : names) {
            step.checkpoint();
            var id = images.id(name);
            images.removeTag(name);
            removed += id.isPresent() && images.id(id.get()).isEmpty() ? 1 : 0;
        }
        long pruned = 0;
        if (!action.getGuardsOnly()) {
            int dangling = images.dangling(project);
            step.checkpoint();
            pruned = images.pruneDangling(project);
            removed += dangling - images.dangling(project);
        }
        var after = images.layersSize();
        long reclaimed =
                before.isPresent() && after.isPresent() ? Math.max(0, before.getAsLong() - after.getAsLong()) : pruned;
        return new Completed(
                ImagesPruned.newBuilder()
                        .setImages(removed)
                        .setReclaimed(reclaimed)
                        .build(),
                "%d images removed, %,d MB".formatted(removed, reclaimed / 1_000_000));
    }

    /** Tags are "<rollback id>" and, for further images of a service, "<rollback id>_2". */
    private static List<String> guards(List<EngineImage> images, List<String> rollbackIds) {
        var tags = rollbackIds.stream().map(id -> ":" + ImageNames.guardTag(id)).toList();
        return images.stream()
                .flatMap(i -> i.tags().stream())
                .filter(name -> name.startsWith(ImageNames.GUARDS))
                .filter(name -> tags.stream()
                        .anyMatch(tag -> name.endsWith(tag)
                                || name.replaceFirst("_\\d+$", "").endsWith(tag)))
                .toList();
    }

    private static List<String> outdated(List<EngineImage> images, String project, Set<String> used) {
        var newest = new ArrayList<>(images);
        newest.sort(Comparator.comparing(EngineImage::created).reversed());
        var revisions = new HashMap<String, Set<String>>();
        var outdated = new ArrayList<String>();
        for (var image : newest) {
            if (!project.equals(image.labels().get(EngineContainer.PROJECT))) {
                continue;
            }
            for (var name : image.tags()) {
                int colon = name.lastIndexOf(':');
                if (!name.startsWith(ImageNames.PREPARED)) {
                    continue;
                }
                var known = revisions.computeIfAbsent(name.substring(0, colon), service -> new LinkedHashSet<>());
                var revision = name.substring(colon + 1).replaceFirst("-.*", "");
                if (known.size() < REVISIONS && !revision.equals(ImageNames.ONCE)) {
                    known.add(revision);
                }
                if (!known.contains(revision) && !used.contains(image.id())) {
                    outdated.add(name);
                }
            }
        }
        return outdated;
    }
}
