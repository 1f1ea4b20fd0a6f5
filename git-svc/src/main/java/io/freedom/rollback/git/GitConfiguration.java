package io.freedom.rollback.git;

import io.freedom.rollback.schemas.step.Worker;
import io.freedom.rollback.worker.Capability;
import java.time.InstantSource;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The git worker as a bean. */
@Configuration(proxyBeanMethods = false)
public class GitConfiguration {
    @Bean
    Capability gitCapability() {
        return capability(WorkTrees.installed());
    }

    static Capability capability(WorkTrees trees) {
        return new Capability(
                Worker.GIT,
                List.of(
                        new VerifyTargetHandler(trees),
                        new RecordGitStateHandler(trees),
                        new PreserveChangesHandler(trees),
                        new AddWorktreeHandler(trees),
                        new RemoveWorktreeHandler(trees),
                        new CheckOutTargetHandler(trees),
                        new VerifyWorkTreeHandler(trees),
                        new ReturnToPreviousHandler(trees),
                        new CheckOutPathsHandler(trees),
                        new ReturnPathsHandler(trees),
                        new SetFilesAsideHandler(trees),
                        new SwapFilesHandler(trees),
                        new BringFilesBackHandler(trees),
                        new CopyRepositoryHandler(trees),
                        new RecordConfigurationHandler(trees, InstantSource.system())));
    }
}
