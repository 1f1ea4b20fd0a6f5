package io.freedom.rollback.vault;

import com.exceptionfactory.jagged.PayloadException;
import com.exceptionfactory.jagged.UnsupportedRecipientStanzaException;
import com.exceptionfactory.jagged.framework.stream.StandardDecryptingChannelFactory;
import com.exceptionfactory.jagged.framework.stream.StandardEncryptingChannelFactory;
import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SignatureException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Writes and reads files that are kept: of restore points, of the WAL archive, copies of volumes, logs. Their names say how they are packed, from the inside out: {@code .zst} compressed by zstd,
 * {@code .age} encrypted by age. So with the key and the files, `age -d -i KEYFILE x.tar.zst.age | zstd -d` is all it takes.
 */
public final class Vault {
    public static final String ENCRYPTED = ".age";
    public static final String COMPRESSED = ".zst";

    private static final int BUFFER = 1 << 16;
    private static final byte[] NAMES = "rollback object names v1".getBytes(StandardCharsets.US_ASCII);

    private final Path keyFile;
    private final boolean encrypting;
    private final List<String> recipients;
    private @Nullable BackupKeys keys;
    private @Nullable FileTime read;

    /**
     * @param keyFile see {@link BackupKeys}; read when it is first needed, and again once it was changed
     * @param encrypting whether what is written from now on is encrypted
     * @param recipients public keys of age that are to read it too
     */
    public Vault(Path keyFile, boolean encrypting, List<String> recipients) {
        this.keyFile = keyFile;
        this.encrypting = encrypting;
        this.recipients = List.copyOf(recipients);
    }

    public synchronized BackupKeys keys() throws IOException {
        var changed = Files.exists(keyFile) ? Files.getLastModifiedTime(keyFile) : null;
        var known = keys;
        if (known == null || changed == null || !changed.equals(read)) {
            known = BackupKeys.read(keyFile);
            keys = known;
            read = changed;
        }
        return known;
    }

    /** Finds out, before there is anything to write, that it could be encrypted. @throws KeyException where it could not */
    public void requireKeys() throws IOException {
        if (encrypting) {
            keys().writers(recipients);
        }
    }

    /** Name of the file that holds {@code plain}. */
    public Path sealed(Path plain, boolean compressed) {
        return plain.resolveSibling(
                plain.getFileName() + (compressed ? COMPRESSED : "") + (encrypting ? ENCRYPTED : ""));
    }

    /** Whether everything that is written is encrypted, and this is not. */
    public boolean leavesInClear(Path file) {
        return encrypting && !file.getFileName().toString().endsWith(ENCRYPTED);
    }

    /** The file that holds {@code plain}, however it is packed. */
    public static Optional<Path> find(Path plain) {
        for (var packed : List.of(COMPRESSED + ENCRYPTED, ENCRYPTED, COMPRESSED, "")) {
            var file = plain.resolveSibling(plain.getFileName() + packed);
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    /** A new private file that packs what is written to it as its name says. */
    public OutputStream create(Path file) throws IOException {
        return pack(plain(file), file.getFileName().toString());
    }

    /** A new private file. */
    public static OutputStream plain(Path file) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PrivateFiles.FILE));
        return Files.newOutputStream(file, StandardOpenOption.WRITE);
    }

    /** Packs as a file of this name is. Closes what is behind it. */
    public OutputStream pack(OutputStream out, String name) throws IOException {
        try {
            var inner = out;
            var rest = name;
            if (rest.endsWith(ENCRYPTED)) {
                inner = Channels.newOutputStream(new StandardEncryptingChannelFactory()
                        .newEncryptingChannel(Channels.newChannel(out), keys().writers(recipients)));
                rest = rest.substring(0, rest.length() - ENCRYPTED.length());
            }
            inner = new BufferedOutputStream(inner, BUFFER);
            if (rest.endsWith(COMPRESSED)) {
                // Level 1: models hardly shrink, and time is short.
                inner = new BufferedOutputStream(new ZstdOutputStream(inner, 1).setChecksum(true), BUFFER);
            }
            return new Packed(inner, out);
        } catch (GeneralSecurityException e) {
            out.close();
            throw new KeyException("nothing can be encrypted for the keys of " + keyFile + ": " + e);
        } catch (IOException e) {
            out.close();
            throw e;
        }
    }

    /** Content of a file, unpacked as its name says. What cannot be unpacked is a {@link DamagedException} while it is read. */
    public InputStream open(Path file) throws IOException {
        return open(new BufferedInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), BUFFER), file);
    }

    /**
     * The same of bytes that somebody else reads.
     *
     * @param packed what is in the file; closed with what is returned
     */
    public InputStream open(InputStream packed, Path file) throws IOException {
        var rest = file.getFileName().toString();
        var in = packed;
        try {
            if (rest.endsWith(ENCRYPTED)) {
                in = new BufferedInputStream(
                        Channels.newInputStream(new StandardDecryptingChannelFactory()
                                .newDecryptingChannel(Channels.newChannel(in), keys().readers())),
                        BUFFER);
                rest = rest.substring(0, rest.length() - ENCRYPTED.length());
            }
            if (rest.endsWith(COMPRESSED)) {
                in = new ZstdInputStream(in);
            }
            return new Unpacked(in, file);
        } catch (UnsupportedRecipientStanzaException e) {
            in.close();
            // With several keys any damage of the header is told as this.
            throw isDamage(e, Vault::isOfTheHeader) ? damaged(file, e) : otherKey(file);
        } catch (GeneralSecurityException | RuntimeException e) { // a header that is cut short ends a buffer
            in.close();
            throw damaged(file, e);
        } catch (KeyException e) {
            in.close();
            throw e;
        } catch (IOException e) {
            in.close();
            throw isDamage(e) ? damaged(file, e) : e;
        }
    }

    private static DamagedException damaged(Path file, Exception e) {
        return new DamagedException(file + " was changed after it was written, or is cut short", e);
    }

    /** All else, such as a disk that does not answer, says nothing about what is on it. */
    private static boolean isDamage(Throwable thrown) {
        return isDamage(
                thrown,
                e -> e instanceof PayloadException
                        || e instanceof GeneralSecurityException
                        || e instanceof ZstdIOException
                        || e instanceof EOFException
                        || isOfTheHeader(e));
    }

    private static boolean isOfTheHeader(Throwable thrown) {
        return thrown instanceof SignatureException
                || thrown.getClass().getSimpleName().equals("HeaderDecodingException"); // which is not public
    }

    private static boolean isDamage(Throwable thrown, Predicate<Throwable> kind) {
        var cause = thrown.getCause();
        return kind.test(thrown)
                || Stream.of(thrown.getSuppressed()).anyMatch(also -> isDamage(also, kind))
                || cause != null && cause != thrown && isDamage(cause, kind);
    }

    private KeyException otherKey(Path file) throws IOException {
        return new KeyException(
                "%s is encrypted for another key than those in %s (%s): add the one that was in use then as another line"
                        .formatted(
                                file,
                                keyFile,
                                String.join(
                                        ", ",
                                        keys().identities().stream()
                                                .map(BackupKeys.Identity::recipient)
                                                .toList())));
    }

    /**
     * Bytes of what is in a file that is encrypted and no more, told by its size: a header, a nonce of 16 bytes, and pieces of 64 KiB with
     * a tag of 16 bytes each (age-encryption.org/v1). Of a plain file, its size.
     *
     * @param size of the file
     * @param head its first 64 KiB
     */
    public static long plainSize(Path file, long size, byte[] head) throws DamagedException {
        if (!file.getFileName().toString().endsWith(ENCRYPTED)) {
            return size;
        }
        var text = new String(head, StandardCharsets.ISO_8859_1);
        int last = text.indexOf("\n--- ");
        int header = last < 0 ? 0 : text.indexOf('\n', last + 1) + 1;
        if (header == 0) {
            throw new DamagedException(file + " does not begin as an encrypted file does");
        }
        long sealed = size - header - 16;
        long pieces = Math.max(1, (sealed + (1 << 16) + 15) / ((1 << 16) + 16));
        return sealed - 16 * pieces;
    }

    /** Name of an object with this content, which tells nothing about the content to who lacks the key. */
    public String objectId(String sha256) throws IOException {
        if (!encrypting) {
            return sha256;
        }
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(keys().current().derive(NAMES), "HmacSHA256"));
            mac.update(sha256.getBytes(StandardCharsets.US_ASCII));
            // Whoever is to read it from now on has to be able to.
            recipients.stream()
                    .sorted()
                    .forEach(recipient -> mac.update(recipient.getBytes(StandardCharsets.US_ASCII)));
            return HexFormat.of().formatHex(mac.doFinal());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has HMAC", e);
        }
    }

    /** On a full disk those in between do not close what is behind them, and a file that was removed would keep its room. */
    private static final class Packed extends FilterOutputStream {
        private final OutputStream behind;

        Packed(OutputStream out, OutputStream behind) {
            super(out);
            this.behind = behind;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            out.write(buffer, offset, length);
        }

        @Override
        public void close() throws IOException {
            try (behind) {
                out.close();
            }
        }
    }

    /** Errors that name the file and say what they mean. */
    private static final class Unpacked extends FilterInputStream {
        private final Path file;

        Unpacked(InputStream in, Path file) {
            super(in);
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            try {
                return super.read();
            } catch (IOException e) {
                throw isDamage(e) ? damaged(file, e) : e;
            }
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                return super.read(buffer, offset, length);
            } catch (IOException e) {
                throw isDamage(e) ? damaged(file, e) : e;
            }
        }
    }
}
