package io.freedom.rollback.ctl;

import picocli.CommandLine.IVersionProvider;

/** The version of the jar. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        var version = Rollbackctl.class.getPackage().getImplementationVersion();
        return new String[] {"rollbackctl " + (version == null ? "(not packaged)" : version)};
    }
}
