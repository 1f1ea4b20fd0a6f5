package io.freedom.rollback.backup;

import static org.assertj.core.api.Assertions.assertThat;

import io.freedom.rollback.schemas.action.ObjectStore;
import io.freedom.rollback.schemas.step.FailureKind;
import io.freedom.rollback.worker.StepFailure;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What the server of the other tests cannot be made to answer. */
class S3ErrorsTest {
    private static final ObjectStore STORE =
            new ObjectStore("https://s3.example.org", "eu-1", "backups", "", "k", "s", true);

    private static StepFailure answered(int status, String code) throws Exception {
        return S3Errors.failure(STORE, (S3Exception) S3Exception.builder()
                .statusCode(status)
                .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).build())
                .build());
    }

    @ParameterizedTest
    @CsvSource({
        "403, RequestTimeTooSkewed, PRECONDITION, set it by NTP",
        "403, AccessDenied, PRECONDITION, 'allow them to list, read, write and delete'",
        "301, PermanentRedirect, PRECONDITION, is not in eu-1: mend backups.store.s3.region",
        "503, SlowDown, UNAVAILABLE, answers 503 SlowDown",
        "400, Strange, TOOL, answers 400 Strange"
    })
    void saysWhatToDo(int status, String code, FailureKind kind, String text) throws Exception {
        var failure = answered(status, code);

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.text()).contains(text);
    }

    @Test
    void tellsACertificateThatIsNotTrustedFromASilentServer() throws Exception {
        var handshake = new SSLHandshakeException("PKIX path building failed");
        handshake.initCause(new CertificateException("PKIX path building failed"));
        var failure = S3Errors.failure(STORE, SdkClientException.create("failed", handshake));

        assertThat(failure.kind()).isEqualTo(FailureKind.PRECONDITION);
        assertThat(failure.text()).contains("no trusted connection to the store https://s3.example.org (PKIX path");
    }

    @Test
    void takesAConnectionThatIsLostForNoCertificate() throws Exception {
        var failure = S3Errors.failure(
                STORE, SdkClientException.create("failed", new SSLHandshakeException("Remote host terminated")));

        assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
    }
}
