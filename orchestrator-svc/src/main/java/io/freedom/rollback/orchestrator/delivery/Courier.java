package io.freedom.rollback.orchestrator.delivery;

import io.freedom.rollback.schemas.notification.Delivery;
import io.freedom.rollback.schemas.notification.DeliveryState;
import io.freedom.rollback.schemas.notification.MailChannel;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.notification.WebhookChannel;
import io.freedom.rollback.schemas.secret.SecretReferences;
import io.freedom.rollback.schemas.secret.UnresolvedSecretException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Makes one attempt to deliver a notification. */
final class Courier {
    /** News that is older helps nobody. */
    static final Duration LONGEST = Duration.ofHours(6);

    private final Webhooks webhooks = new Webhooks();
    private final Mails mails = new Mails();
    private final SecretReferences secrets;
    private final InstantSource clock;

    Courier(SecretReferences secrets, InstantSource clock) {
        this.secrets = secrets;
        this.clock = clock;
    }

    Delivery attempt(Notification notification) throws InterruptedException {
        var now = clock.instant();
        if (notification.getAt().plus(LONGEST).isBefore(now)) {
            return ended(notification, DeliveryState.GIVEN_UP, "older than " + LONGEST.toHours() + " h", now);
        }
        try {
            return ended(notification, DeliveryState.DELIVERED, send(notification), clock.instant());
        } catch (NotDeliveredException e) {
            var state = e.isForGood() ? DeliveryState.GIVEN_UP : DeliveryState.FAILED;
            return ended(notification, state, String.valueOf(e.getMessage()), clock.instant());
        } catch (RuntimeException e) {
            // Whatever it is, the messages behind it are not to wait for it.
            // Its message may have the address in it, which is a secret.
            var fault = "a fault of the orchestrator, " + e.getClass().getSimpleName();
            return ended(notification, DeliveryState.FAILED, fault, clock.instant());
        }
    }

    private String send(Notification notification) throws NotDeliveredException, InterruptedException {
        try {
            return switch (notification.getVia()) {
                case WebhookChannel webhook -> webhooks.post(notification, secrets.resolve(webhook.getUrl()));
                case MailChannel mail ->
                    mails.send(
                            notification,
                            mail,
                            mail.getPassword() == null ? null : secrets.resolve(mail.getPassword()));
                default ->
                    throw NotDeliveredException.forGood("this orchestrator does not know "
                            + notification.getVia().getClass().getSimpleName());
            };
        } catch (UnresolvedSecretException e) {
            throw NotDeliveredException.forNow(String.valueOf(e.getMessage()));
        }
    }

    private static Delivery ended(Notification notification, DeliveryState state, String detail, Instant at) {
        return new Delivery(
                notification.getNotificationId(),
                notification.getPlatform(),
                notification.getChannel(),
                state,
                detail,
                at);
    }
}
