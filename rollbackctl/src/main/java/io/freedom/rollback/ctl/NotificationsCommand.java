package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.ExitCode;
import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.ctl.topics.ControlPlane;
import io.freedom.rollback.ctl.topics.TopicReader;
import io.freedom.rollback.ctl.view.Table;
import io.freedom.rollback.ctl.view.Texts;
import io.freedom.rollback.schemas.history.NotificationsTested;
import io.freedom.rollback.schemas.notification.Delivery;
import io.freedom.rollback.schemas.notification.DeliveryState;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.operator.TestNotifications;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rollbackctl notifications}. */
@Command(
        name = "notifications",
        description = "Who was told what, and whether it arrived.",
        subcommands = {NotificationsCommand.ListMessages.class, NotificationsCommand.Test.class})
final class NotificationsCommand extends Group {

    /** {@code rollbackctl notifications list}. */
    @Command(name = "list", description = "List the messages of the last 30 days, the oldest first.")
    static final class ListMessages extends Verb {
        @Parameters(arity = "0..1", paramLabel = "PLATFORM", description = "only of this platform")
        private @Nullable String platform;

        @Option(names = "--since", paramLabel = "DURATION", description = "only the last, e.g. 2h or 7d")
        private @Nullable Duration since;

        @Override
        int run(ControlPlane plane) {
            var topics = plane.topics();
            try (var reader = plane.read(List.of(topics.notifications(), topics.deliveries()))) {
                if (since == null) {
                    reader.seekToBeginning();
                } else {
                    reader.seekTo(now().minus(since));
                }
                var messages = new LinkedHashMap<String, Notification>();
                var deliveries = new HashMap<String, Delivery>();
                for (var received : reader.readToEnd()) {
                    switch (received.value()) {
                        case Notification it
                        when platform == null || it.getPlatform().equals(platform) ->
                            messages.put(it.getNotificationId(), it);
                        case Delivery it -> deliveries.merge(it.getNotificationId(), it, ListMessages::later);
                        case null, default -> {}
                    }
                }
                var sorted = messages.values().stream()
                        .sorted(Comparator.comparing(Notification::getAt))
                        .toList();
                return json() ? printJson(sorted, deliveries) : print(sorted, lines(sorted, deliveries));
            }
        }

        private static Delivery later(Delivery one, Delivery other) {
            return one.getAt().isAfter(other.getAt()) ? one : other;
        }

        private int printJson(List<Notification> messages, Map<String, Delivery> deliveries) {
            var records = messages.stream()
                    .flatMap(message -> {
                        var delivery = deliveries.get(message.getNotificationId());
                        return (delivery == null ? List.<SpecificRecord>of(message) : List.of(message, delivery))
                                .stream();
                    })
                    .toList();
            return print(records, List.of());
        }

        private List<String> lines(List<Notification> messages, Map<String, Delivery> deliveries) {
            if (messages.isEmpty()) {
                return List.of("Nobody was told anything.");
            }
            var table = new Table("AT", "PLATFORM", "CHANNEL", "STATE", "MESSAGE");
            messages.forEach(message -> {
                var delivery = deliveries.get(message.getNotificationId());
                boolean arrived = delivery != null && delivery.getState() == DeliveryState.DELIVERED;
                table.row(
                        Texts.moment(message.getAt(), zone()),
                        message.getPlatform(),
                        message.getChannel(),
                        delivery == null ? "waiting" : Texts.lower(delivery.getState()),
                        Texts.cut(message.getTitle(), 200)
                                + (delivery == null || arrived
                                        ? ""
                                        : " (" + Texts.cut(delivery.getDetail(), 300) + ")"));
            });
            return table.lines(style());
        }
    }

    /** {@code rollbackctl notifications test}. */
    @Command(
            name = "test",
            description = {
                "Send a message to every channel of the platform, or to one, and wait whether it arrives.",
                "Exit code 1 when one did not."
            })
    static final class Test extends Verb {
        @Parameters(paramLabel = "PLATFORM", description = "registered platform")
        private String platform = "";

        @Option(names = "--channel", paramLabel = "NAME", description = "only this channel of the descriptor")
        private @Nullable String channel;

        @Override
        int run(ControlPlane plane) {
            try (var reader = plane.read(List.of(plane.topics().deliveries()))) {
                reader.seekToEnd(); // before anything is sent
                var answer = request(plane).ask(platform, null, new TestNotifications(channel));
                if (!(answer.getEvent() instanceof NotificationsTested tested)) {
                    throw Failure.failed("The orchestrator answered with "
                            + answer.getEvent().getClass().getSimpleName() + ": is it of another release?");
                }
                var deliveries = await(reader, tested.getNotifications());
                return printed(tested.getNotifications(), deliveries);
            }
        }

        private Map<String, Delivery> await(TopicReader reader, List<String> ids) {
            var deliveries = new HashMap<String, Delivery>();
            var end = Instant.now().plus(timeout());
            while (deliveries.size() < ids.size() && Instant.now().isBefore(end)) {
                for (var received : reader.poll(Duration.ofMillis(200))) {
                    if (received.value() instanceof Delivery delivery && ids.contains(delivery.getNotificationId())) {
                        deliveries.putIfAbsent(delivery.getNotificationId(), delivery);
                    }
                }
            }
            return deliveries;
        }

        private int printed(List<String> ids, Map<String, Delivery> deliveries) {
            var lines = ids.stream().map(id -> line(id, deliveries.get(id))).toList();
            print(List.copyOf(deliveries.values()), lines);
            return ids.stream()
                            .allMatch(id -> deliveries.containsKey(id)
                                    && deliveries.get(id).getState() == DeliveryState.DELIVERED)
                    ? ExitCode.OK
                    : ExitCode.FAILED;
        }

        private String line(String id, @Nullable Delivery delivery) {
            var name = id.substring(id.lastIndexOf('/') + 1);
            if (delivery == null) {
                return name + ": nothing heard within " + timeout().toSeconds()
                        + " s; see later: rollbackctl notifications" + " list " + platform;
            }
            return name + ": "
                    + switch (delivery.getState()) {
                        case DELIVERED -> "delivered, " + delivery.getDetail();
                        case FAILED -> "NOT delivered, will be tried again: " + delivery.getDetail();
                        case GIVEN_UP -> "NOT delivered: " + delivery.getDetail();
                    };
        }
    }
}
