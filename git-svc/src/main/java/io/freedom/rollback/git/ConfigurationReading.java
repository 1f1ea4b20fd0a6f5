package io.freedom.rollback.git;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.eclipse.jgit.attributes.Attribute;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.treewalk.FileTreeIterator;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.eclipse.jgit.treewalk.filter.PathFilterGroup;
import org.jspecify.annotations.Nullable;

/**
 * Reads configuration files as they are on disk, byte by byte, into a tree of their own. Without leave it reads no secrets: whoever may read the repository, or
 * gets a mirror of it, has what is in it.
 */
final class ConfigurationReading {
    private static final long LARGEST = 16L << 20;
    private static final String TOO_LARGE = "it is larger than 16 MiB";
    private static final int NOTES = 20;
    /** What stands for bytes that are no characters. */
    private static final char UNREADABLE = '\uFFFD';

    /** Of a file or a folder, also as editors and people call their copies. */
    private static final Pattern SECRET =
            Pattern.compile("\\.?(env|netrc|npmrc|pgpass|id_(rsa|dsa|ecdsa|ed25519))([.~_-].*)?|\\.ssh"
                    + "|.*\\.(env|key|pem|p8|p12|pfx|jks|kdbx|keystore)([.~].*)?"
                    + "|.*(secret|passw|htpasswd|credential|token|api_?key).*");

    private final GitRepository repository;
    private final boolean secrets;
    private final DirCache index;
    private final TreeMap<String, String> leftOut = new TreeMap<>();
    private @Nullable String ignoredFolder;
    private int files;

    ConfigurationReading(GitRepository repository, boolean secrets) throws IOException {
        this.repository = repository;
        this.secrets = secrets;
        this.index = repository.jgit().readDirCache();
    }

    /** @return the tree, stored */
    ObjectId read(ConfigurationPaths paths) throws IOException {
        var found = DirCache.newInCore();
        var builder = found.builder();
        Repository jgit = repository.jgit();
        try (var inserter = jgit.newObjectInserter();
                var walk = new TreeWalk(jgit)) {
            var onDisk = new FileTreeIterator(jgit);
            onDisk.setWalkIgnoredDirectories(true);
            walk.setOperationType(TreeWalk.OperationType.CHECKIN_OP);
            walk.addTree(onDisk);
            walk.setFilter(PathFilterGroup.createFromStrings(paths.names()));
            while (walk.next()) {
                var file = walk.getTree(0, FileTreeIterator.class);
                var path = walk.getPathString();
                if (file.getEntryFileMode() == FileMode.TREE) {
                    if (isIgnored(file, path) && ignoredFolder == null) {
                        ignoredFolder = path + "/";
                    }
                    walk.enterSubtree();
                } else if (file.getEntryFileMode() == FileMode.GITLINK) {
                    leftOut.put(path + "/", "it is another git repository");
                } else {
                    var entry = new DirCacheEntry(walk.getRawPath());
                    entry.setFileMode(file.getEntryFileMode());
                    if (store(walk, isIgnored(file, path), entry, inserter)) {
                        builder.add(entry);
                    }
                }
            }
            builder.finish();
            files = found.getEntryCount();
            var tree = found.writeTree(inserter);
            inserter.flush();
            behindLinks(paths);
            return tree;
        }
    }

    /** Whether it is recorded. */
    private boolean store(TreeWalk walk, boolean ignored, DirCacheEntry entry, ObjectInserter inserter)
            throws IOException {
        var path = walk.getPathString();
        var file = repository.root().resolve(path);
        var stamp = FileStamp.of(file);
        if (stamp.isEmpty()) {
            if (path.indexOf(UNREADABLE) >= 0) {
                leftOut.put(path, "its name is not UTF-8");
            }
            return false; // else removed just now
        }
        var why = whyNot(walk, file, stamp.get(), ignored);
        if (why != null) {
            leftOut.put(path, why);
            return false;
        }
        try {
            var content = entry.getFileMode() == FileMode.SYMLINK
                    ? Files.readSymbolicLink(file).toString().getBytes(StandardCharsets.UTF_8)
                    : bytes(file);
            if (content.length > LARGEST) {
                leftOut.put(path, TOO_LARGE);
                return false;
            }
            entry.setLength(content.length);
            entry.setObjectId(inserter.insert(Constants.OBJ_BLOB, content));
            return true;
        } catch (NoSuchFileException e) {
            return false; // removed just now
        } catch (IOException e) {
            if (Files.isSymbolicLink(file) != (entry.getFileMode() == FileMode.SYMLINK)) {
                return false; // replaced just now
            }
            throw e;
        }
    }

    /** It may have been replaced, or have grown, since it was looked at. */
    static byte[] bytes(Path file) throws IOException {
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return in.readNBytes((int) LARGEST + 1);
        }
    }

    private @Nullable String whyNot(TreeWalk walk, Path file, FileStamp stamp, boolean ignored) throws IOException {
        boolean link = Files.isSymbolicLink(file);
        if (!link && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return "it is no file";
        }
        if (stamp.size() > LARGEST) {
            return TOO_LARGE;
        }
        return secrets ? null : whyNotWithoutLeave(walk, stamp, ignored, link);
    }

    private @Nullable String whyNotWithoutLeave(TreeWalk walk, FileStamp stamp, boolean ignored, boolean link)
            throws IOException {
        var filter = walk.getAttributes().get(Constants.ATTR_FILTER);
        if (filter != null && filter.getState() == Attribute.State.CUSTOM) {
            return "git keeps it through the filter " + filter.getValue(); // such as git-crypt
        }
        var path = walk.getPathString();
        int tracked = index.findEntry(path);
        if (tracked >= 0) {
            var entry = index.getEntry(tracked);
            return entry.isSkipWorkTree() || entry.isAssumeValid() ? "git is told to pass over what is on disk" : null;
        }
        if (ignored) {
            return "git ignores it";
        }
        for (var name : path.split("/")) {
            if (SECRET.matcher(name.toLowerCase(Locale.ROOT)).matches()) {
                return "git does not track it, and it looks like a secret";
            }
        }
        return !link && (!stamp.isForEverybody() || isBehindAClosedFolder(path))
                ? "git does not track it, and not everybody may read it"
                : null;
    }

    private boolean isBehindAClosedFolder(String path) throws IOException {
        for (var folder = Path.of(path).getParent(); folder != null; folder = folder.getParent()) {
            var stamp = FileStamp.of(repository.root().resolve(folder));
            if (stamp.isPresent() && !stamp.get().isOpenToEverybody()) {
                return true;
            }
        }
        return false;
    }

    private boolean isIgnored(FileTreeIterator file, String path) throws IOException {
        if (ignoredFolder != null && path.startsWith(ignoredFolder)) {
            return true;
        }
        ignoredFolder = null;
        return file.isEntryIgnored();
    }

    /** A tree holds the link, or what is behind it. */
    private void behindLinks(ConfigurationPaths paths) {
        for (var name : paths.names()) {
            var folder = Path.of(name).getParent();
            while (folder != null) {
                if (Files.isSymbolicLink(repository.root().resolve(folder))) {
                    leftOut.put(name, folder + " is a link: name what it leads to");
                }
                folder = folder.getParent();
            }
        }
    }

    int files() {
        return files;
    }

    /** What is not in the tree and why, one line each; the same as long as nothing changes. */
    List<String> notes() {
        var notes = new TreeSet<String>();
        leftOut.forEach((path, why) -> notes.add(Names.line(path) + ": " + why));
        if (notes.size() <= NOTES) {
            return List.copyOf(notes);
        }
        var shown = new ArrayList<>(notes.stream().limit(NOTES).toList());
        shown.add((notes.size() - NOTES) + " more files");
        return shown;
    }
}
