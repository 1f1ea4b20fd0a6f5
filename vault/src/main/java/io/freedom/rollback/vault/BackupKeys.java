package io.freedom.rollback.vault;

import com.exceptionfactory.jagged.RecipientStanzaReader;
import com.exceptionfactory.jagged.RecipientStanzaWriter;
import com.exceptionfactory.jagged.x25519.X25519KeyFactory;
import com.exceptionfactory.jagged.x25519.X25519KeyPairGenerator;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaReaderFactory;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaWriterFactory;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys of a file as <a href="https://age-encryption.org">age</a> knows it: a line {@code AGE-SECRET-KEY-1…} for each. The first
 * one encrypts and signs, each of them decrypts and is trusted; a new first line is a rotation.
 *
 * @param file where they come from
 * @param identities at least one
 */
public record BackupKeys(Path file, List<Identity> identities) {
    private static final String SECRET = "AGE-SECRET-KEY-1";

    public BackupKeys {
        identities = List.copyOf(identities);
    }

    /**
     * One key.
     *
     * @param secret {@code AGE-SECRET-KEY-1…}
     * @param recipient {@code age1…}, for whom it decrypts
     */
    public record Identity(String secret, String recipient) {
        public static Identity of(String secret) throws GeneralSecurityException {
            var key = new SecretKeySpec(secret.getBytes(StandardCharsets.US_ASCII), "X25519");
            return new Identity(secret, new X25519KeyFactory().translateKey(key).toString());
        }

        /** 32 bytes that nobody can tell without the key. */
        public byte[] derive(byte[] purpose) {
            try {
                return KDF.getInstance("HKDF-SHA256")
                        .deriveData(HKDFParameterSpec.ofExtract()
                                .addIKM(secret.getBytes(StandardCharsets.US_ASCII))
                                .thenExpand(purpose, 32));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java runtime since 25 has HKDF", e);
            }
        }

        @Override
        public String toString() {
            return recipient;
        }
    }

    /** Reads the file. @throws KeyException where it is missing, or holds no key */
    public static BackupKeys read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new KeyException("there is no key file " + file
                    + ": put the one there that was in use, or set rollback.backups.key-file");
        }
        var identities = new ArrayList<Identity>();
        int number = 0;
        for (var line : lines(file)) {
            number++;
            var text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            try {
                if (!text.startsWith(SECRET)) {
                    throw new GeneralSecurityException("it does not begin with " + SECRET);
                }
                identities.add(Identity.of(text));
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                throw new KeyException("line " + number + " of the key file " + file + " is no key of age: "
                        + e.getMessage() + "; `age-keygen` or `rollback-backups keygen` makes one");
            }
        }
        if (identities.isEmpty()) {
            throw new KeyException(
                    "the key file " + file + " holds no key: `rollback-backups keygen " + file + "` adds one");
        }
        return new BackupKeys(file, identities);
    }

    private static List<String> lines(Path file) throws IOException {
        try {
            return Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            throw new KeyException(
                    "the key file " + file + " is no text: put the one there that was in use (" + e + ")");
        } catch (IOException e) {
            throw new KeyException("the key file " + file + " cannot be read by " + System.getProperty("user.name")
                    + ", as whom the worker runs: give it that right (" + e + ")");
        }
    }

    /** Puts a new key in front of those of the file, which is made where it is missing; returns the new one's recipient. */
    public static String generate(Path file) throws IOException {
        var others = Files.isRegularFile(file) ? Files.readString(file) : "";
        var fresh = fresh();
        PrivateFiles.write(file, text(fresh) + others);
        return fresh.recipient();
    }

    /** Makes the file, in a folder that is there, where there is none; false where there is one. Of two that try at once, one does. */
    public static boolean createIfMissing(Path file) throws IOException {
        if (Files.exists(file)) {
            return false;
        }
        if (!Files.isDirectory(Objects.requireNonNull(file.toAbsolutePath().getParent()))) {
            throw new KeyException("there is no folder for it: is it mounted?");
        }
        try (var staging = Staging.unique(file)) {
            try (var out = Vault.plain(staging.path())) {
                out.write(text(fresh()).getBytes(StandardCharsets.UTF_8));
            }
            PrivateFiles.sealTree(staging.path());
            Files.createLink(file, staging.path());
            PrivateFiles.force(Objects.requireNonNull(file.toAbsolutePath().getParent()));
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    private static Identity fresh() {
        try {
            return Identity.of(new String(
                    new X25519KeyPairGenerator().generateKeyPair().getPrivate().getEncoded(),
                    StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has X25519", e);
        }
    }

    private static String text(Identity identity) {
        return "# made " + Instant.now().truncatedTo(ChronoUnit.SECONDS)
                + " for restore points; keep a copy elsewhere\n" + "# public key: " + identity.recipient() + "\n"
                + identity.secret() + "\n";
    }

    public Identity current() {
        return identities.getFirst();
    }

    List<RecipientStanzaReader> readers() throws IOException {
        var readers = new ArrayList<RecipientStanzaReader>();
        for (var identity : identities) {
            try {
                readers.add(X25519RecipientStanzaReaderFactory.newRecipientStanzaReader(identity.secret()));
            } catch (GeneralSecurityException e) {
                throw new KeyException("the key of " + identity.recipient() + " in " + file + " cannot be used: " + e);
            }
        }
        return readers;
    }

    /** @param others {@code age1…} of keys that are to read it as well */
    List<RecipientStanzaWriter> writers(List<String> others) throws IOException {
        var writers = new ArrayList<RecipientStanzaWriter>();
        for (var recipient :
                Stream.concat(Stream.of(current().recipient()), others.stream()).toList()) {
            try {
                writers.add(X25519RecipientStanzaWriterFactory.newRecipientStanzaWriter(recipient));
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                throw new KeyException(
                        "\"" + recipient + "\" is no public key of age (age1…): correct rollback.backups.recipients ("
                                + e.getMessage() + ")");
            }
        }
        return writers;
    }
}
