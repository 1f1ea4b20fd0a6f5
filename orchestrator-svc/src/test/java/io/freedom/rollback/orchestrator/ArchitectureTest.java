package io.freedom.rollback.orchestrator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.freedom.rollback", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule PURE_PACKAGES_KNOW_NO_INFRASTRUCTURE = noClasses()
            .that()
            .resideInAnyPackage(
                    "..orchestrator.saga..",
                    "..orchestrator.records..",
                    "..orchestrator.planning..",
                    "..orchestrator.admission..",
                    "..orchestrator.notices..",
                    "..orchestrator.aftercare..",
                    "..rollback.platform..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.springframework..",
                    "org.apache.kafka..",
                    "com.github.dockerjava..",
                    "java.sql..",
                    "java.net.http..");

    @ArchTest
    static final ArchRule PURE_PACKAGES_HAVE_NO_CLOCK = noClasses()
            .that()
            .resideInAnyPackage(
                    "..orchestrator.saga..",
                    "..orchestrator.records..",
                    "..orchestrator.planning..",
                    "..orchestrator.admission..",
                    "..orchestrator.notices..",
                    "..orchestrator.aftercare..")
            .should()
            .callMethod(java.time.Instant.class, "now")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(java.util.UUID.class, "randomUUID");

    @ArchTest
    static final ArchRule THE_SAGA_KNOWS_NEITHER_PLANNING_NOR_STREAMS = noClasses()
            .that()
            .resideInAPackage("..orchestrator.saga..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("..orchestrator.planning..", "..orchestrator.streams..", "..orchestrator.admission..");
}
