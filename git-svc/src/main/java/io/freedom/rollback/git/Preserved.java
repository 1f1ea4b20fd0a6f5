package io.freedom.rollback.git;

import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.jgit.lib.ObjectId;
import org.jspecify.annotations.Nullable;

/**
 * All that the way back needs, and how far the rollback is. It is kept in the message, the parents and the tree of one
 * commit, so that any worker can go on with nothing but the repository.
 *
 * @param head commit that HEAD was at
 * @param branch full ref name, null when HEAD was detached
 * @param index tree of the index
 * @param tree tree of the files, with the untracked ones
 * @param target commit of the tag, once the checkout began
 * @param permissions of files that a tree cannot tell from others, e.g. {@code rw-------}
 * @param places files and folders that steps of their own took to the target, and where these are now
 */
record Preserved(
        ObjectId head,
        @Nullable String branch,
        ObjectId index,
        ObjectId tree,
        Stage stage,
        @Nullable ObjectId target,
        IndexFlags flags,
        Map<String, String> permissions,
        Map<String, Place> places) {
    enum Stage {
        /** Kept; the work tree is untouched. */
        KEPT,
        /** The checkout of single paths began, as their places tell. All around them, and HEAD, is untouched. */
        PARTLY,
        /** The checkout of the target began, and may have ended. */
        LEFT,
        /** All is as it was kept. */
        RETURNED
    }

    enum Place {
        /** The checkout began, and may have ended. */
        AWAY,
        /** Index and files are as they were kept. */
        BACK
    }

    Preserved {
        permissions = Map.copyOf(permissions);
        places = Map.copyOf(places);
    }

    Preserved left(ObjectId to, ObjectId fullTree, Map<String, String> allPermissions) {
        return new Preserved(head, branch, index, fullTree, Stage.LEFT, to, flags, allPermissions, places);
    }

    Preserved partlyLeft(ObjectId to, ObjectId fullTree, Map<String, String> allPermissions, Selection away) {
        return new Preserved(
                head, branch, index, fullTree, Stage.PARTLY, to, flags, allPermissions, with(away, Place.AWAY));
    }

    Preserved partlyReturned(Selection back) {
        return new Preserved(head, branch, index, tree, stage, target, flags, permissions, with(back, Place.BACK));
    }

    private Map<String, Place> with(Selection selection, Place place) {
        var all = new TreeMap<>(places);
        selection.paths().forEach(path -> all.put(path, place));
        return all;
    }

    Preserved returned() {
        return new Preserved(head, branch, index, tree, Stage.RETURNED, target, flags, permissions, places);
    }

    /** Where a file or folder is that was taken to the target, alone or with a folder above it; null for any other. */
    @Nullable
    Place place(String path) {
        var place = places.get(path);
        for (var folder : Trees.ancestors(path).reversed()) {
            place = place == null ? places.get(folder) : place;
        }
        return place;
    }

    List<String> paths(Place place) {
        return places.keySet().stream()
                .filter(path -> places.get(path) == place)
                .sorted()
                .toList();
    }

    String message(String rollbackId) {
        var lines = new ArrayList<String>();
        lines.add("Work tree before rollback " + rollbackId);
        lines.add("");
        lines.add("Stage: " + stage);
        if (branch != null) {
            lines.add("Branch: " + encode(branch));
        }
        if (target != null) {
            lines.add("Target: " + target.name());
        }
        flags.intentToAdd().forEach(path -> lines.add("Intent-To-Add: " + encode(path)));
        flags.assumeUnchanged().forEach(path -> lines.add("Assume-Unchanged: " + encode(path)));
        flags.skipWorktree().forEach(path -> lines.add("Skip-Worktree: " + encode(path)));
        new TreeMap<>(permissions).forEach((path, mode) -> lines.add("Permissions: " + mode + " " + encode(path)));
        paths(Place.AWAY).forEach(path -> lines.add("Away: " + encode(path)));
        paths(Place.BACK).forEach(path -> lines.add("Back: " + encode(path)));
        return String.join("\n", lines) + "\n";
    }

    static Preserved parse(ObjectId head, ObjectId index, ObjectId tree, String message) throws IOException {
        var stage = one(message, "Stage");
        if (stage == null) {
            throw new IOException("the preserved commit was not written by a rollback: " + message);
        }
        var target = one(message, "Target");
        var permissions = new TreeMap<String, String>();
        for (var line : all(message, "Permissions")) {
            permissions.put(decode(line.substring(10)), line.substring(0, 9));
        }
        var places = new TreeMap<String, Place>();
        paths(message, "Away").forEach(path -> places.put(path, Place.AWAY));
        paths(message, "Back").forEach(path -> places.put(path, Place.BACK));
        var branch = one(message, "Branch");
        return new Preserved(
                head,
                branch == null ? null : decode(branch),
                index,
                tree,
                Stage.valueOf(stage),
                target == null ? null : ObjectId.fromString(target),
                new IndexFlags(
                        paths(message, "Intent-To-Add"),
                        paths(message, "Assume-Unchanged"),
                        paths(message, "Skip-Worktree")),
                permissions,
                places);
    }

    private static List<String> all(String message, String key) {
        return message.lines()
                .filter(line -> line.startsWith(key + ": "))
                .map(line -> line.substring(key.length() + 2))
                .toList();
    }

    private static @Nullable String one(String message, String key) {
        return all(message, key).stream().findFirst().orElse(null);
    }

    private static List<String> paths(String message, String key) {
        return all(message, key).stream().map(Preserved::decode).toList();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
