package io.freedom.rollback.worker;

import com.sun.net.httpserver.HttpServer;
import io.freedom.rollback.schemas.registry.RegistryClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/** Tells the schemas of the records that it has framed. */
final class StubRegistry implements AutoCloseable {
    private final HttpServer server;
    private final List<Schema> schemas = new CopyOnWriteArrayList<>();

    StubRegistry() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/schemas/ids/", exchange -> {
            var path = exchange.getRequestURI().getPath();
            int id = Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
            boolean known = id > 0 && id <= schemas.size();
            var answer = known
                    ? "{\"schema\":" + quoted(schemas.get(id - 1)) + "}"
                    : "{\"error_code\":40403,\"message\":\"not found\"}";
            var body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(known ? 200 : 404, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    private static String quoted(Schema schema) {
        return '"' + schema.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    RegistryClient client() {
        return RegistryClient.at("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** The record in Confluent's wire format, as written with its own schema. */
    byte[] framed(IndexedRecord record) throws IOException {
        schemas.add(record.getSchema());
        var out = new ByteArrayOutputStream();
        out.write(0);
        out.writeBytes(ByteBuffer.allocate(4).putInt(schemas.size()).array());
        var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        var data = record instanceof SpecificRecord ? SpecificData.getForSchema(record.getSchema()) : GenericData.get();
        data.createDatumWriter(record.getSchema()).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
