package io.freedom.rollback.backup;

import io.freedom.rollback.schemas.action.ObjectStore;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.util.Objects;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;

/** What went wrong with the store, in words that say what to do. */
final class S3Errors {
    private S3Errors() {}

    static StepFailure failure(ObjectStore where, SdkException e) throws InterruptedException {
        if (e instanceof AbortedException || Thread.currentThread().isInterrupted()) {
            throw new InterruptedException("interrupted while it waited for the store");
        }
        return e instanceof AwsServiceException refused ? refused(where, refused) : unreachable(where, e);
    }

    private static StepFailure refused(ObjectStore where, AwsServiceException e) {
        var details = e.awsErrorDetails();
        var code = details == null || details.errorCode() == null ? "" : details.errorCode();
        var at = at(where);
        return switch (code) {
            case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity", "InvalidToken", "ExpiredToken" ->
                precondition(
                        at + " refuses the keys (" + code
                                + "): mend what backups.store.s3.accessKey and backups.store.s3.secretKey refer to on the worker's machine");
            case "RequestTimeTooSkewed", "RequestExpired" ->
                precondition("the clock of the worker's machine is not that of " + at
                        + ": set it by NTP, see `timedatectl`");
            case "NoSuchBucket" ->
                precondition("there is no bucket " + where.getBucket() + " at " + at
                        + ": make it, or mend backups.store.s3.bucket");
            case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException" ->
                precondition("the bucket " + where.getBucket() + " is not in " + where.getRegion()
                        + ": mend backups.store.s3.region (" + code + ")");
            default -> other(where, e, code);
        };
    }

    private static StepFailure other(ObjectStore where, AwsServiceException e, String code) {
        var said = e.statusCode() + (code.isEmpty() ? "" : " " + code);
        if (e.statusCode() == 403) {
            return precondition(at(where) + " lets these keys not into the bucket " + where.getBucket() + " (" + said
                    + "): mend the keys, or allow them to list, read, write and delete what is in it");
        }
        boolean passing = e.statusCode() >= 500 || e.statusCode() == 429;
        return new StepFailure(
                passing ? FailureKind.UNAVAILABLE : FailureKind.TOOL,
                at(where) + " answers " + said + (passing ? ": see whether it is well" : ": " + e.getMessage()),
                e);
    }

    private static StepFailure unreachable(ObjectStore where, SdkException e) {
        var at = at(where);
        if (find(e, UnknownHostException.class) != null) {
            return new StepFailure(
                    FailureKind.UNAVAILABLE,
                    "the host of " + at + " is not known: see backups.store.s3.endpoint, and the name service",
                    e);
        }
        Exception untrusted = find(e, SSLPeerUnverifiedException.class);
        if (untrusted == null) {
            untrusted = find(e, CertificateException.class);
        }
        if (untrusted != null) {
            return precondition("no trusted connection to " + at + " (" + untrusted.getMessage()
                    + "): see its certificate, and what the worker's Java trusts");
        }
        boolean silent = find(e, ConnectException.class) != null || find(e, SocketTimeoutException.class) != null;
        return new StepFailure(
                FailureKind.UNAVAILABLE,
                at + (silent ? " does not answer" : " was lost in between (" + e.getMessage() + ")")
                        + ": see whether it runs, and whether this machine reaches it",
                e);
    }

    private static StepFailure precondition(String text) {
        return new StepFailure(FailureKind.PRECONDITION, text);
    }

    private static String at(ObjectStore where) {
        return "the store " + Objects.requireNonNullElse(where.getEndpoint(), "AWS " + where.getRegion());
    }

    private static <T extends Throwable> @Nullable T find(Throwable thrown, Class<T> type) {
        for (var t = thrown; t != null; t = t.getCause()) {
            if (type.isInstance(t)) {
                return type.cast(t);
            }
        }
        return null;
    }
}
