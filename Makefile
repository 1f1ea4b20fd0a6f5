# Maven runs on JDK 25 itself: compiler and format check run inside it, which is quicker. Two modules at a time: tests mostly wait.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MVN = JAVA_HOME="$$(scripts/find-jdk)" mvn -B
# The JDK opens its scheduler of virtual threads to nobody unasked.
SIMULATION_JVM := -Xmx2g -XX:+UseParallelGC --add-opens java.base/java.lang=ALL-UNNAMED -Djdk.trackAllThreads=false
SEEDS ?= 100000
BUILT := standalone/target/rollback/.built
GENERATED := schemas/target/.generated
# What the programs are made of; tests are not.
SOURCES := $(shell find pom.xml */pom.xml */src/main bin scripts/find-jdk -type f 2>/dev/null)
# Public images by default; our own where nothing can be pulled (scripts/setup makes the base).
LOCAL_IMAGES ?= $(shell docker image inspect rollback-local/jre:25 >/dev/null 2>&1 && echo yes)
COMPOSE := docker compose $(if $(LOCAL_IMAGES),--env-file docker/local-images.env -f docker-compose.yml -f docker/compose.local-images.yml)

.PHONY: help setup build test simulation chaos demo bench bench-data bench-saga bench-storm run up down format clean compose-up

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing: JDK 25, Docker engine, compose, base images
	scripts/setup

build: $(BUILT) ## build the programs into standalone/target/rollback
	@bin/train-startup --if-possible

# What a changed file holds is generated again, but not what imports it.
$(GENERATED): $(wildcard schemas/src/main/avro/*.avdl)
	@rm -rf schemas/target/generated-sources schemas/target/classes
	@mkdir -p $(@D)
	@touch $@

$(BUILT): $(SOURCES) $(GENERATED)
	$(MVN) -q -pl standalone -am -Dmaven.test.skip=true -Dspotless.check.skip=true package
	@touch $@

# Maven would leave out the modules that need one with a failed test, so all acceptance tests: the reports are judged instead.
test: setup $(GENERATED) ## run every check and test, on real git, Docker and PostgreSQL
	@rm -rf */target/surefire-reports
	$(MVN) -q -T 2 spotless:check
	$(MVN) -T 2 verify --fail-at-end -Dspotless.check.skip=true -Dmaven.test.failure.ignore=true || { scripts/count-tests; exit 1; }
	@scripts/count-tests

simulation: $(GENERATED) ## play worlds of delays, crashes and operators (SEEDS=100000), of sites with a limit (SITES=5000), or one again with its trace (SEED=n, SITE=n)
	$(MVN) -q -pl orchestrator-svc -am -Dspotless.check.skip=true test-compile \
	  org.apache.maven.plugins:maven-dependency-plugin:build-classpath -Dmdep.outputFile=target/test-classpath -Dmdep.includeScope=test
	@"$$(scripts/find-jdk)/bin/java" $(SIMULATION_JVM) \
	  -cp "orchestrator-svc/target/test-classes:orchestrator-svc/target/classes:$$(cat orchestrator-svc/target/test-classpath)" \
	  io.freedom.rollback.orchestrator.simulation.SimulationCommand $(if $(SEED),seed $(SEED),$(if $(SITE),site $(SITE),$(if $(SITES),sites $(SITES),seeds $(SEEDS))))

chaos: setup $(GENERATED) ## kill each process at each point of a rollback: some hours (CELLS=40 SEED=7: so many of them; CELLS=engine:amid:container.down,...: those)
	$(MVN) -q verify -pl acceptance -am -Dspotless.check.skip=true -Dtest=ChaosTest -Dsurefire.failIfNoSpecifiedTests=false \
	  -Dchaos.cells=$(or $(CELLS),all) -Dchaos.seed=$(or $(SEED),1)

demo: setup build ## break the FREEDOM platform, and watch it roll back
	demo/run

bench: setup build ## measure against peers (ARGS=--strict: fail if an aim is missed)
	$(MVN) -q -pl bench -am -Dmaven.test.skip=true -Dspotless.check.skip=true package
	@bin/train-startup --if-possible
	bench/run $(ARGS)

bench-data: setup build ## measure dumps, restores and points in time against PostgreSQL's own tools (ARGS="--size 2000")
	bench/data $(ARGS)

bench-storm: setup build ## measure 10,000 incidents over 1,000 platforms (ARGS="--rounds 5")
	$(MVN) -q -pl bench -am -Dmaven.test.skip=true -Dspotless.check.skip=true package
	bench/storm $(ARGS)

bench-saga: setup build ## measure throughput and latency of the saga, with ARGS=--standby loss and number of orchestrators, with ARGS=--recovery of their disk
	$(MVN) -q -pl bench -am -Dmaven.test.skip=true -Dspotless.check.skip=true package
	bench/saga $(ARGS)

run: build ## run broker, registry, orchestrator and workers as one process (ARGS="--data-dir ...")
	bin/rollback-standalone $(ARGS)

up: build ## run the distributed deployment, each service in its container
	scripts/setup --with-jre-image
	$(MAKE) --no-print-directory compose-up

compose-up:
	$(COMPOSE) build orchestrator
	$(COMPOSE) up -d --wait

down: ## stop the distributed deployment; topics and schemas are kept
	$(COMPOSE) down

format: ## format all Java sources
	$(MVN) -q spotless:apply

clean: ## remove what the build made; data/ is kept
	$(MVN) -q clean
