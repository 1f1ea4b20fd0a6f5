package io.freedom.rollback.standalone;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Health of what the services stand on: {@code broker} and {@code registry}. */
@Configuration(proxyBeanMethods = false)
class InfrastructureHealth {
    private static final Duration LIMIT = Duration.ofSeconds(2);

    @Bean(destroyMethod = "close")
    Admin healthAdmin(KafkaProperties kafka) {
        return Admin.create(kafka.buildAdminProperties());
    }

    @Bean
    HealthIndicator brokerHealthIndicator(Admin healthAdmin) {
        return () -> {
            try {
                var nodes = healthAdmin.describeCluster().nodes().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
                return Health.up().withDetail("nodes", nodes.toString()).build();
            } catch (ExecutionException | TimeoutException e) {
                return Health.down(e).build();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Health.unknown().build();
            }
        };
    }

    @Bean
    HealthIndicator registryHealthIndicator(@Value("${rollback.schema-registry-url}") URI address) {
        var client = HttpClient.newBuilder().connectTimeout(LIMIT).build();
        var request = HttpRequest.newBuilder(URI.create(address + "/subjects"))
                .timeout(LIMIT)
                .build();
        return () -> {
            try {
                var status = client.send(request, HttpResponse.BodyHandlers.discarding())
                        .statusCode();
                var health = status == 200 ? Health.up() : Health.down().withDetail("status", status);
                return health.withDetail("address", address.toString()).build();
            } catch (IOException e) {
                return Health.down(e).withDetail("address", address.toString()).build();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Health.unknown().build();
            }
        };
    }
}
