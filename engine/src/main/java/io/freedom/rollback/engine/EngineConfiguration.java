package io.freedom.rollback.engine;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The process's connection to Docker; imported by every service that needs one, made once. */
@Configuration(proxyBeanMethods = false)
public class EngineConfiguration {
    @Bean
    EngineProvider engineProvider() {
        return new EngineProvider();
    }
}
