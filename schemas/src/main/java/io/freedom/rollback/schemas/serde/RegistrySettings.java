package io.freedom.rollback.schemas.serde;

import io.freedom.rollback.schemas.registry.RegistryClient;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/** Confluent's configuration keys; the ones not named here are accepted and do nothing. */
record RegistrySettings(Map<String, ?> configs) {
    static final String URL = "schema.registry.url";
    static final String AUTO_REGISTER = "auto.register.schemas";
    static final String USE_LATEST = "use.latest.version";
    static final String KEY_TYPE = "specific.avro.key.type";
    static final String VALUE_TYPE = "specific.avro.value.type";
    private static final String CREDENTIALS_SOURCE = "basic.auth.credentials.source";
    private static final String USER_INFO = "basic.auth.user.info";

    RegistryClient connect() {
        String urls = text(URL);
        if (urls == null) {
            throw new ConfigException(
                    URL + " is missing: give the registry's base URL, e.g. http://localhost:8081/apis/ccompat/v7");
        }
        String source = text(CREDENTIALS_SOURCE);
        return switch (source == null ? "URL" : source) {
            case "URL" -> RegistryClient.at(urls);
            case "USER_INFO" -> RegistryClient.at(urls, userInfo());
            default ->
                throw new ConfigException(
                        CREDENTIALS_SOURCE + "=" + source + " is not supported: use URL or USER_INFO");
        };
    }

    private String userInfo() {
        String userInfo = text(USER_INFO);
        if (userInfo == null || !userInfo.contains(":")) {
            throw new ConfigException(USER_INFO + " must be user:password when " + CREDENTIALS_SOURCE + "=USER_INFO");
        }
        return userInfo;
    }

    /** A class, or the name of one. */
    @Nullable
    Class<?> type(boolean isKey) {
        @Nullable Object type = configs.get(isKey ? KEY_TYPE : VALUE_TYPE);
        if (type == null || type instanceof Class<?>) {
            return (Class<?>) type;
        }
        try {
            return Class.forName(type.toString(), true, Thread.currentThread().getContextClassLoader());
        } catch (ClassNotFoundException e) {
            throw new ConfigException((isKey ? KEY_TYPE : VALUE_TYPE) + ": no class " + type + " on the class path");
        }
    }

    boolean flag(String key, boolean otherwise) {
        String value = text(key);
        return value == null ? otherwise : Boolean.parseBoolean(value);
    }

    private @Nullable String text(String key) {
        @Nullable Object value = configs.get(key);
        if (value instanceof List<?> list) {
            return String.join(",", list.stream().map(String::valueOf).toList());
        }
        return value == null ? null : value.toString().strip();
    }
}
