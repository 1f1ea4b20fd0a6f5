package io.freedom.rollback.schemas.serde;

import org.apache.avro.util.ClassSecurityValidator;
import org.apache.avro.util.ClassSecurityValidator.ClassSecurityPredicate;

/**
 * Avro instantiates only classes it is told to trust, since a schema in the registry can name any class. These are the
 * generated ones; whatever else a process trusts stays trusted. The serdes call this themselves.
 */
public final class TrustedSchemas {
    private static final String GENERATED = "io.freedom.rollback.schemas.";
    private static final ClassSecurityPredicate OURS = type -> type.getName().startsWith(GENERATED);
    private static boolean trusted;

    private TrustedSchemas() {}

    /** Needed once before generated records are read or written with Avro's own readers and writers. */
    public static synchronized void trust() {
        if (!trusted) {
            ClassSecurityValidator.setGlobal(
                    ClassSecurityValidator.composite(ClassSecurityValidator.getGlobal(), OURS));
            trusted = true;
        }
    }
}
