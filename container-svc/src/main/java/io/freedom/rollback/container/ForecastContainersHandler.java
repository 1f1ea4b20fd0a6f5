package io.freedom.rollback.container;

import io.freedom.rollback.engine.Compose;
import io.freedom.rollback.engine.ComposeService;
import io.freedom.rollback.engine.Engine;
import io.freedom.rollback.engine.EngineContainer;
import io.freedom.rollback.engine.EngineProvider;
import io.freedom.rollback.schemas.action.ContainersForecast;
import io.freedom.rollback.schemas.action.ForecastContainers;
import io.freedom.rollback.schemas.action.ImageSource;
import io.freedom.rollback.schemas.action.ServiceForecast;
import io.freedom.rollback.schemas.action.TargetVerified;
import io.freedom.rollback.worker.Completed;
import io.freedom.rollback.worker.StepContext;
import io.freedom.rollback.worker.StepFailure;
import io.freedom.rollback.worker.StepHandler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What would become of each service at the target, found out without building, pulling or stopping anything. */
final class ForecastContainersHandler implements StepHandler<ForecastContainers> {
    private final EngineProvider engines;

    ForecastContainersHandler(EngineProvider engines) {
        this.engines = engines;
    }

    @Override
    public Class<ForecastContainers> action() {
        return ForecastContainers.class;
    }

    @Override
    public Completed execute(ForecastContainers action, StepContext step) throws StepFailure, InterruptedException {
        var source = Path.of(action.getSource());
        var home = Path.of(action.getCompose().getDirectory());
        var target = new Compose(action.getCompose(), source);
        var engine = engines.engine();
        var project = action.getCompose().getProject();
        try (var lent = LentEnvFiles.lend(target.files(), home, source)) {
            var resolution = target.resolution(home);
            var containers = Containers.ofServices(engine, project);
            var revision = source.equals(home)
                    ? null
                    : step.find(TargetVerified.class)
                            .map(TargetVerified::getCommit)
                            .orElse(action.getRevision());
            var images = new Images(engine, new Compose(action.getCompose()), revision, project, source);
            var builders = PrepareImagesHandler.builders(resolution.model(), images.live());
            var names = new TreeSet<>(resolution.model().services().keySet());
            names.addAll(Containers.services(containers));
            var services = new ArrayList<ServiceForecast>();
            for (var name : names) {
                step.stillWanted();
                services.add(forecast(
                        name,
                        resolution.model().services().get(name),
                        builders,
                        containers.stream()
                                .filter(container -> container.service().equals(name))
                                .toList(),
                        resolution.hashes(),
                        images));
            }
            var wanted = resolution.model().services().values();
            var ports = TakenPorts.besides(project, engine);
            var warnings = new ArrayList<>(ports.byPrograms(wanted));
            resolution
                    .unset()
                    .forEach(variable -> warnings.add("the compose file uses " + variable
                            + ", which has no value: set it in the env file if it is needed"));
            return completed(services, ports.byOthers(wanted), warnings);
        }
    }

    /** @param revision null where images have their live names */
    private record Images(
            Engine engine, Compose live, @Nullable String revision, String project, Path source) {
        String name(ComposeService service, @Nullable ComposeService builder) {
            return builder == null || revision == null
                    ? live.imageName(service)
                    : ImageNames.prepared(project, builder.name(), revision, builder.build(), source.toString());
        }
    }

    private static ServiceForecast forecast(
            String name,
            @Nullable ComposeService service,
            Map<String, ComposeService> builders,
            List<EngineContainer> containers,
            Map<String, String> hashes,
            Images images)
            throws StepFailure, InterruptedException {
        var forecast = ServiceForecast.newBuilder().setService(name).setContainers(containers.size());
        if (service == null) {
            return forecast.setWanted(0).setChanges(true).build();
        }
        var builder = builders.get(images.live().imageName(service));
        var image = images.name(service, builder);
        var id = images.engine().images().id(image);
        var hash = hashes.get(name);
        boolean same = id.isPresent()
                && hash != null
                && containers.stream()
                        .allMatch(container -> id.get().equals(container.imageId())
                                && hash.equals(container.labels().get(EngineContainer.CONFIG_HASH)));
        return forecast.setWanted(service.replicas())
                .setChanges(!same || containers.size() != service.replicas())
                .setImage(image)
                .setSource(id.isPresent() ? ImageSource.HERE : builder == null ? ImageSource.PULLED : ImageSource.BUILT)
                .build();
    }

    private static Completed completed(List<ServiceForecast> services, List<String> problems, List<String> warnings) {
        long changing = services.stream().filter(ServiceForecast::getChanges).count();
        long made = services.stream()
                .filter(service -> service.getSource() != ImageSource.HERE)
                .count();
        return new Completed(
                new ContainersForecast(services, problems, warnings),
                "%d services, %d of them differ, %d images are to be made%s"
                        .formatted(
                                services.size(),
                                changing,
                                made,
                                problems.isEmpty() ? "" : "; " + String.join("; ", problems)));
    }
}
