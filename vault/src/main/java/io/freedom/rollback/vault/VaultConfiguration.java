package io.freedom.rollback.vault;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The process's vault; imported by every service that needs one, made once. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(VaultProperties.class)
public class VaultConfiguration {
    private static final Logger LOG = LoggerFactory.getLogger(VaultConfiguration.class);

    @Bean
    Vault vault(VaultProperties properties, ObjectProvider<DefaultKeyFolder> folder) {
        var file = properties.keyFile().toAbsolutePath();
        try {
            if (properties.isDefault() && folder.getIfAvailable() != null) {
                PrivateFiles.createParent(file);
            }
            if (BackupKeys.createIfMissing(file)) {
                LOG.warn("{} is new: keep a copy elsewhere, without it no restore point can be read", file);
            }
        } catch (IOException e) {
            LOG.error(
                    "the key file {} cannot be made, and nothing be kept that is encrypted: {}", file, e.getMessage());
        }
        return new Vault(file, properties.encrypt(), properties.recipients());
    }
}
