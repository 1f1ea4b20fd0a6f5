package io.freedom.rollback.orchestrator.delivery;

import io.freedom.rollback.schemas.notification.MailChannel;
import io.freedom.rollback.schemas.notification.MailSecurity;
import io.freedom.rollback.schemas.notification.Notification;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.springframework.mail.MailException;
import org.springframework.mail.javamail.JavaMailSenderImpl;
import org.springframework.mail.javamail.MimeMessageHelper;

/** Sends messages over SMTP. */
final class Mails {
    private static final String TIMEOUT_MS = "10000";

    /** Returns where it went. */
    String send(Notification notification, MailChannel channel, @Nullable String password)
            throws NotDeliveredException {
        var server = channel.getHost() + ":" + channel.getPort();
        var sender = new JavaMailSenderImpl();
        sender.setHost(channel.getHost());
        sender.setPort(channel.getPort());
        sender.setUsername(channel.getUser());
        sender.setPassword(password);
        sender.setJavaMailProperties(settings(channel));
        try {
            sender.send(message(notification, channel, sender.getSession()));
            return server + " took it for " + String.join(", ", channel.getTo());
        } catch (MailException | MessagingException e) {
            throw NotDeliveredException.forNow("the mail server " + server + " did not take it: " + reason(e));
        }
    }

    private static Properties settings(MailChannel channel) {
        var settings = new Properties();
        settings.setProperty("mail.smtp.connectiontimeout", TIMEOUT_MS);
        settings.setProperty("mail.smtp.timeout", TIMEOUT_MS);
        settings.setProperty("mail.smtp.writetimeout", TIMEOUT_MS);
        settings.setProperty("mail.smtp.auth", String.valueOf(channel.getUser() != null));
        // Never without, where it is asked for: the password would go in clear.
        boolean upgraded = channel.getSecurity() == MailSecurity.STARTTLS;
        settings.setProperty("mail.smtp.starttls.enable", String.valueOf(upgraded));
        settings.setProperty("mail.smtp.starttls.required", String.valueOf(upgraded));
        settings.setProperty("mail.smtp.ssl.enable", String.valueOf(channel.getSecurity() == MailSecurity.TLS));
        settings.setProperty("mail.smtp.ssl.checkserveridentity", "true");
        return settings;
    }

    private static MimeMessage message(Notification notification, MailChannel channel, Session session)
            throws MessagingException {
        var message = new Identified(session, notification.getNotificationId());
        var mail = new MimeMessageHelper(message, false, StandardCharsets.UTF_8.name());
        mail.setFrom(channel.getFrom());
        mail.setTo(channel.getTo().toArray(String[]::new));
        mail.setSubject(notification.getTitle());
        mail.setText(notification.getText());
        mail.setSentDate(Date.from(notification.getAt()));
        return message;
    }

    private static String reason(Exception e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage()).replaceAll("\\s+", " ").strip();
    }

    /** Sent twice it is still the same message, which mail programs then show once. */
    private static final class Identified extends MimeMessage {
        private final String id;

        Identified(Session session, String id) {
            super(session);
            this.id = id;
        }

        @Override
        protected void updateMessageID() throws MessagingException {
            setHeader("Message-ID", "<" + id.replaceAll("[^A-Za-z0-9.-]", ".") + "@rollback>");
        }
    }
}
