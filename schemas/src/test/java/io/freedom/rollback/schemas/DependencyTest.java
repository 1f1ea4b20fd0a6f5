package io.freedom.rollback.schemas;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.freedom.rollback.schemas", importOptions = DoNotIncludeTests.class)
class DependencyTest {

    @ArchTest
    static final ArchRule DEPENDS_ON_AVRO_AND_KAFKA_CLIENTS_ALONE = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "java..",
                    "org.apache.avro..",
                    "org.apache.kafka.clients..",
                    "org.apache.kafka.common..",
                    "org.jspecify.annotations..",
                    // Avro brings these two for its own use.
                    "com.fasterxml.jackson..",
                    "org.slf4j..",
                    "io.freedom.rollback.schemas..")
            .because("every service and foreign producer depends on the schemas, so these must drag in nothing else");

    @ArchTest
    static final ArchRule RECORDS_KNOW_NEITHER_KAFKA_NOR_THE_REGISTRY = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "io.freedom.rollback.schemas.serde",
                    "io.freedom.rollback.schemas.registry",
                    "io.freedom.rollback.schemas.topics")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.kafka..", "io.freedom.rollback.schemas.serde", "java.net.http..");

    @ArchTest
    static final ArchRule THE_REGISTRY_CLIENT_KNOWS_NO_SERDES = noClasses()
            .that()
            .resideInAPackage("io.freedom.rollback.schemas.registry")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.freedom.rollback.schemas.serde", "io.freedom.rollback.schemas.topics");
}
