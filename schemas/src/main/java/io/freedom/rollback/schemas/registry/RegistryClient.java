package io.freedom.rollback.schemas.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freedom.rollback.schemas.registry.RegistryHttp.Answer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;
import org.jspecify.annotations.Nullable;

/**
 * Confluent's REST API as far as Avro needs it. Thread-safe; each id and each (subject, schema) is asked for once.
 *
 * <p>Every method throws {@link RegistryUnavailableException} when no URL gives a usable answer within 5 s each.
 */
public final class RegistryClient implements AutoCloseable {
    private record Registration(String subject, Schema schema) {}

    private final RegistryHttp http;
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final Map<Registration, Integer> registered = new ConcurrentHashMap<>();
    private final Map<Registration, Integer> lookedUp = new ConcurrentHashMap<>();

    private RegistryClient(RegistryHttp http) {
        this.http = http;
    }

    /** @param urls base URLs separated by commas, e.g. {@code http://localhost:8081/apis/ccompat/v7} */
    public static RegistryClient at(String urls) {
        RegistryAddress address = RegistryAddress.parse(urls);
        return new RegistryClient(new RegistryHttp(address.urls(), address.userInfo()));
    }

    /** @param userInfo {@code user:password} */
    public static RegistryClient at(String urls, String userInfo) {
        return new RegistryClient(new RegistryHttp(RegistryAddress.parse(urls).urls(), Optional.of(userInfo)));
    }

    /** Where the registry is, for messages; without credentials. */
    public String address() {
        return http.address();
    }

    /** Adds the schema to the subject unless it is there, and returns its id. */
    public int register(String subject, Schema schema) {
        return once(registered, subject, schema, versions(subject));
    }

    /** Id of a schema that must already be registered under the subject. */
    public int idOf(String subject, Schema schema) {
        return once(lookedUp, subject, schema, "/subjects/" + encoded(subject));
    }

    private int once(Map<Registration, Integer> known, String subject, Schema schema, String path) {
        Registration registration = new Registration(subject, schema);
        @Nullable Integer id = known.get(registration);
        if (id == null) {
            Answer answer = http.send("POST", path, asBody(schema));
            if (!answer.isSuccess()) {
                throw refused(answer, subject, schema);
            }
            id = answer.body().path("id").asInt();
            known.put(registration, id);
        }
        return id;
    }

    private static SchemaRefusedException refused(Answer answer, String subject, Schema schema) {
        String todo = answer.isNotFound()
                ? "register it, or set auto.register.schemas=true"
                : "change the schema so that it can be read by, and read, the versions already there";
        return new SchemaRefusedException(
                "The schema registry at %s does not have %s as a version of subject %s (%s): %s."
                        .formatted(answer.url(), schema.getFullName(), subject, answer.message(), todo));
    }

    /** Schema behind an id; empty when the registry does not know the id. */
    public Optional<Schema> schema(int id) {
        @Nullable Schema known = schemas.get(id);
        if (known != null) {
            return Optional.of(known);
        }
        if (id < 0) {
            // Ids count from 1: four bytes of something else need no question, and some registries would not parse it.
            return Optional.empty();
        }
        Answer answer = http.get("/schemas/ids/" + id);
        if (answer.isNotFound()) {
            return Optional.empty();
        }
        Schema schema = parsed(answer);
        schemas.put(id, schema);
        return Optional.of(schema);
    }

    /** Newest version of the subject; empty when there is none. Asked anew each time. */
    public Optional<RegisteredSchema> latest(String subject) {
        Answer answer = http.get(versions(subject) + "/latest");
        if (answer.isNotFound()) {
            return Optional.empty();
        }
        JsonNode body = answer.body();
        return Optional.of(new RegisteredSchema(
                body.path("id").asInt(), body.path("version").asInt(), parsed(answer)));
    }

    /** Whether the registry would take the schema as the subject's next version. */
    public boolean isCompatible(String subject, Schema schema) {
        Answer answer = http.send("POST", "/compatibility" + versions(subject) + "/latest", asBody(schema));
        return answer.isNotFound() || answer.body().path("is_compatible").asBoolean(false);
    }

    /** Sets the level for every subject that has none of its own. */
    public void requireCompatibility(CompatibilityLevel level) {
        http.send("PUT", "/config", compatibility(level));
    }

    /** Sets the level for one subject. */
    public void requireCompatibility(String subject, CompatibilityLevel level) {
        http.send("PUT", "/config/" + encoded(subject), compatibility(level));
    }

    /** All subjects; the cheapest way to see that the registry answers. */
    public List<String> subjects() {
        List<String> subjects = new ArrayList<>();
        http.get("/subjects").body().forEach(subject -> subjects.add(subject.asText()));
        return List.copyOf(subjects);
    }

    @Override
    public void close() {
        http.close();
    }

    private static Schema parsed(Answer answer) {
        String type = answer.body().path("schemaType").asText("AVRO");
        if (!"AVRO".equals(type)) {
            throw new SchemaParseException("Expected an Avro schema, found one of type " + type);
        }
        return new Schema.Parser()
                .setValidateDefaults(false)
                .parse(answer.body().path("schema").asText());
    }

    private static ObjectNode asBody(Schema schema) {
        return JsonNodeFactory.instance.objectNode().put("schema", schema.toString());
    }

    private static ObjectNode compatibility(CompatibilityLevel level) {
        return JsonNodeFactory.instance.objectNode().put("compatibility", level.name());
    }

    private static String versions(String subject) {
        return "/subjects/" + encoded(subject) + "/versions";
    }

    private static String encoded(String subject) {
        return URLEncoder.encode(subject, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
