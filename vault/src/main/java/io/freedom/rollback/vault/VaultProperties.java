package io.freedom.rollback.vault;

import java.nio.file.Path;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Settings of what the backup worker and the container worker keep.
 *
 * @param keyFile keys of restore points, see {@link BackupKeys}; made where it is missing and its folder is there. All backup and container workers of a site need the same
 * @param encrypt whether what is kept is encrypted
 * @param recipients public keys of age ({@code age1…}) that can read them too, such as one whose secret key is kept in a safe
 */
@ConfigurationProperties("rollback.backups")
record VaultProperties(
        @DefaultValue(DEFAULT) Path keyFile,
        @DefaultValue("true") boolean encrypt,
        @DefaultValue List<String> recipients) {
    private static final String DEFAULT = "data/keys/backups.key";

    /** Whoever has named another file has a place for it; where that is missing, a new key would be made somewhere else. */
    boolean isDefault() {
        return keyFile.equals(Path.of(DEFAULT));
    }
}
