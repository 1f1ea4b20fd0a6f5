package io.freedom.rollback.orchestrator.notices;

import io.freedom.rollback.platform.MessageTemplate;
import io.freedom.rollback.platform.NotificationChannel;
import io.freedom.rollback.schemas.notification.MailChannel;
import io.freedom.rollback.schemas.notification.MailSecurity;
import io.freedom.rollback.schemas.notification.Notification;
import io.freedom.rollback.schemas.notification.NotificationKind;
import io.freedom.rollback.schemas.notification.WebhookChannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** One message for each channel that wants it, in the channel's words. */
public final class Messages {
    /** Chats cut what is longer; the report has all of it. */
    private static final int LONGEST = 3000;

    private static final String TITLE = "{summary}";
    private static final String TEXT = "{details}\n{commands}";

    private Messages() {}

    /** @param id of what is told of; the same for the same thing */
    public static List<Notification> of(
            Notice notice, String platform, List<NotificationChannel> channels, String id, Instant now) {
        return channels.stream()
                .filter(channel -> wants(channel, notice.kind()))
                .map(channel -> message(notice, platform, channel, id, now))
                .toList();
    }

    private static boolean wants(NotificationChannel channel, NotificationKind kind) {
        return switch (kind) {
            case ATTENTION -> channel.about().contains(NotificationChannel.Topic.ATTENTION);
            case OUTCOME -> channel.about().contains(NotificationChannel.Topic.OUTCOME);
            case START -> channel.about().contains(NotificationChannel.Topic.START);
            case TEST -> true;
        };
    }

    private static Notification message(
            Notice notice, String platform, NotificationChannel channel, String id, Instant now) {
        var plan = notice.plan();
        var target = plan == null ? null : plan.getTarget();
        var values = Map.of(
                "platform",
                platform,
                "rollback",
                notice.rollbackId() == null ? "" : notice.rollbackId(),
                "scenario",
                plan == null ? "" : plan.getScenario(),
                "target",
                target == null ? "" : target,
                "summary",
                notice.summary(),
                "details",
                String.join("\n", notice.details()),
                "commands",
                String.join("\n", notice.commands()));
        var title = MessageTemplate.fill(channel.title() == null ? TITLE : channel.title(), values);
        var text = MessageTemplate.fill(channel.text() == null ? TEXT : channel.text(), values);
        return Notification.newBuilder()
                .setNotificationId(id + "/" + channel.name())
                .setPlatform(platform)
                .setRollbackId(notice.rollbackId())
                .setKind(notice.kind())
                .setAt(now)
                .setChannel(channel.name())
                .setTitle(cut(title.lines().collect(Collectors.joining(" ")), 250))
                .setText(cut(text.strip(), LONGEST))
                .setVia(via(channel.via()))
                .build();
    }

    private static Object via(NotificationChannel.Via via) {
        return switch (via) {
            case NotificationChannel.Webhook(var url) -> new WebhookChannel(url);
            case NotificationChannel.Mail mail ->
                new MailChannel(
                        mail.host(),
                        mail.port(),
                        MailSecurity.valueOf(mail.security().name()),
                        mail.user(),
                        mail.password(),
                        mail.from(),
                        mail.to());
        };
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length - 1) + "…";
    }
}
