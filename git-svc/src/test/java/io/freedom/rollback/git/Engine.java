package io.freedom.rollback.git;

/** Both ways to change a work tree; every contract test runs with each. */
enum Engine {
    NATIVE,
    JGIT;

    WorkTrees trees() {
        return switch (this) {
            case NATIVE -> repository -> new NativeGitWorkTree(repository, "git");
            case JGIT -> JGitWorkTree::new;
        };
    }
}
