package io.freedom.rollback.orchestrator.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.orchestrator.aftercare.ConfigurationChanges;
import io.freedom.rollback.schemas.action.ConfigurationRecorded;
import io.freedom.rollback.schemas.action.RecordConfiguration;
import io.freedom.rollback.schemas.history.ConfigurationFollowed;
import io.freedom.rollback.schemas.history.ConfigurationUnfollowed;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.schemas.step.StepDone;
import io.freedom.rollback.schemas.step.StepError;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Changes of a platform's configuration are recorded, as its descriptor says. */
class ConfigurationChangesTest extends CareTest {
    private static final String RECORDED =
            DESCRIPTOR.replace("reserve: 512MiB}", "reserve: 512MiB, configuration: {every: 1m}}");

    ConfigurationChangesTest() {
        super(ConfigurationChanges.class, ConfigurationChanges.STEP);
    }

    private List<RecordConfiguration> looks() {
        return looks(RecordConfiguration.class);
    }

    private StepDone recorded(String... notes) {
        return done(ConfigurationRecorded.newBuilder()
                .setUntil(after(seconds))
                .setFiles(3)
                .setNotes(List.of(notes))
                .build());
    }

    private static StepError broken() {
        return new StepError(FailureKind.PRECONDITION, "/srv/freedom is not a git work tree");
    }

    @Test
    void asksAGitWorkerEachMinuteWhereTheDescriptorSaysSo() {
        registered(DESCRIPTOR);
        pass(120);
        assertThat(looks()).isEmpty();
        registered(RECORDED);
        pass(5);
        assertThat(looks())
                .containsExactly(new RecordConfiguration(
                        "/srv/freedom", List.of("docker-compose.yml", ".env", "config/"), false, 120_000L));
        answer(recorded());
        pass(55);
        assertThat(looks()).hasSize(1);
        pass(10);
        assertThat(looks()).hasSize(2);
        answer(recorded());

        assertThat(facts(ConfigurationFollowed.class)).containsExactly(new ConfigurationFollowed(60_000L, List.of()));
        assertThat(sent(Notification.class)).isEmpty();
    }

    @Test
    void tellsOnceThatTheyAreNotRecordedAndOnceThatTheyAreAgain() {
        registered(RECORDED);
        pass(5);
        answer(recorded(".env: git ignores it"));
        var until = after(seconds);
        for (int look = 0; look < 4; look++) {
            pass(60);
            answer(broken());
        }
        assertThat(facts(ConfigurationUnfollowed.class))
                .containsExactly(
                        new ConfigurationUnfollowed(until, 60_000L, "/srv/freedom is not a git work tree", false));
        assertThat(sent(Notification.class)).singleElement().satisfies(message -> {
            assertThat(message.getTitle()).isEqualTo("freedom: changes of its configuration are not recorded");
            assertThat(message.getText()).contains("is not a git work tree", "What was changed until");
        });
        pass(60);
        answer(recorded(".env: git ignores it"));
        pass(60);
        answer(recorded(".env: git ignores it"));

        assertThat(facts(ConfigurationFollowed.class))
                .extracting(ConfigurationFollowed::getNotes)
                .containsExactly(List.of(".env: git ignores it"), List.of(".env: git ignores it"));
    }

    @Test
    void endsOnceTheDescriptorDoesNotWantItAnyMore() {
        registered(RECORDED);
        pass(5);
        answer(recorded());
        registered(DESCRIPTOR);
        pass(120);

        assertThat(looks()).extracting(RecordConfiguration::getFollow).containsExactly(120_000L, -1L);
        assertThat(store.platform("freedom").getConfiguration()).isNull();
        assertThat(facts(ConfigurationUnfollowed.class))
                .containsExactly(new ConfigurationUnfollowed(
                        after(5), 60_000L, "the descriptor has no `backups.configuration` any more", true));
    }
}
