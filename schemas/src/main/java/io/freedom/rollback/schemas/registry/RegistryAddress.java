package io.freedom.rollback.schemas.registry;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;

/** Base URLs without trailing slash, and the credentials that stood in them. */
record RegistryAddress(List<String> urls, Optional<String> userInfo) {

    static RegistryAddress parse(String commaSeparated) {
        List<String> urls = new ArrayList<>();
        Optional<String> userInfo = Optional.empty();
        for (String part : commaSeparated.split(",", -1)) {
            if (part.isBlank()) {
                continue;
            }
            URI uri = uri(part.strip());
            if (uri.getUserInfo() != null) {
                userInfo = Optional.of(uri.getUserInfo());
            }
            urls.add(withoutCredentials(uri));
        }
        if (urls.isEmpty()) {
            throw new ConfigException(
                    "schema.registry.url is empty: give the registry's base URL, e.g. http://localhost:8081/apis/ccompat/v7");
        }
        return new RegistryAddress(List.copyOf(urls), userInfo);
    }

    private static URI uri(String text) {
        try {
            URI uri = URI.create(text);
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            throw new ConfigException("schema.registry.url is not a URL: " + e.getMessage());
        }
        throw new ConfigException("schema.registry.url must begin with http:// or https:// and name a host: " + text);
    }

    private static String withoutCredentials(URI uri) {
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        String url = uri.getScheme() + "://" + uri.getHost() + port + path;
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }
}
