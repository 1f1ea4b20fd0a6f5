package io.freedom.rollback.schemas.topics;

/** The cluster has, or allows, a topic only in a form the product must not run with. */
public final class UnsuitableTopicException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnsuitableTopicException(String message) {
        super(message);
    }
}
