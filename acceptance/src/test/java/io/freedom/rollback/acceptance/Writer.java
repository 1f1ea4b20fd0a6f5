package io.freedom.rollback.acceptance;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Commits documents with numbered titles, one after the other, and knows of which it was told that they are there. */
final class Writer implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
    volatile int refused;
    private volatile boolean ended;
    private final Thread thread;

    private interface Way {
        /** Whether it was told that it is there. */
        boolean write(String title) throws IOException, SQLException, InterruptedException;
    }

    private Writer(String name, Way way) {
        thread = Thread.ofVirtual().start(() -> {
            for (int number = 1; !ended; number++) {
                write(name + " " + number, way);
            }
        });
    }

    private void write(String title, Way way) {
        try {
            if (way.write(title)) {
                acknowledged.add(title);
            } else {
                refused++;
            }
        } catch (IOException | SQLException e) {
            refused++;
        } catch (InterruptedException e) {
            ended = true;
        }
    }

    /** By the platform itself. */
    static Writer through(Platform platform, String name) {
        var documents = URI.create("http://127.0.0.1:" + platform.port("KB_PORT") + "/documents");
        return new Writer(name, title -> {
            var request = HttpRequest.newBuilder(documents)
                    .timeout(Duration.ofSeconds(5))
                    .POST(BodyPublishers.ofString("{\"title\": \"" + title + "\", \"body\": \"x\"}"))
                    .build();
            return HTTP.send(request, BodyHandlers.discarding()).statusCode() == 201;
        });
    }

    /** As what is no service of the platform, so that nobody stops it: each document in a session of its own. */
    static Writer beside(Platform platform, String name) {
        var database = "jdbc:postgresql://127.0.0.1:" + platform.port("POSTGRES_PORT")
                + "/freedom_kb?sslmode=disable&connectTimeout=5&socketTimeout=30";
        var password = platform.setting("POSTGRES_PASSWORD");
        return new Writer(name, title -> {
            try (var session = DriverManager.getConnection(database, "freedom", password);
                    var insert = session.prepareStatement("insert into documents (title, body) values (?, 'x')")) {
                insert.setString(1, title);
                return insert.executeUpdate() == 1;
            }
        });
    }

    @Override
    public void close() throws InterruptedException {
        ended = true;
        thread.join();
    }
}
