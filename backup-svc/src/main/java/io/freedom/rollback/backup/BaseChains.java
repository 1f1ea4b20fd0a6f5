package io.freedom.rollback.backup;

import io.freedom.rollback.vault.DamagedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which base backups depend on which others.
 *
 * @param folder that they are in
 * @param complete the oldest first
 */
record BaseChains(Path folder, List<WalBase> complete) {
    /** A full one, and those that are incremental each to the one before. The last is itself. */
    List<WalBase> of(WalBase base) throws IOException {
        var chain = new ArrayDeque<>(List.of(base));
        while (chain.getFirst().after().isPresent()) {
            var first = chain.getFirst();
            chain.addFirst(before(first)
                    .orElseThrow(() ->
                            new DamagedException(folder.resolve(first.after().orElseThrow())
                                    + " is missing, which base backup " + first.id() + " is incremental to")));
        }
        return List.copyOf(chain);
    }

    private Optional<WalBase> before(WalBase base) {
        return complete.stream()
                .filter(other -> base.after().equals(Optional.of(other.id()))
                        && other.at().isBefore(base.at()))
                .findFirst();
    }

    /** Whether another one is incremental to it. */
    boolean isFollowed(WalBase base) {
        return complete.stream().anyMatch(other -> other.after().equals(Optional.of(base.id())));
    }

    /** Ids of those, and of all that they depend on. */
    Set<String> needed(List<WalBase> kept) {
        var needed = new HashSet<String>();
        for (var base : kept) {
            for (var other = Optional.of(base); other.isPresent(); other = before(other.get())) {
                needed.add(other.get().id());
            }
        }
        return needed;
    }
}
