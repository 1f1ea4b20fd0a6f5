package io.freedom.rollback.backup;

import io.freedom.rollback.vault.BackupKeys;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/**
 * Signs manifests with Ed25519. The key is derived from one of age by HKDF-SHA256, so that there is a single secret to keep.
 *
 * @param id {@code ed25519:} and the public key, in Base64 of X.509
 */
record ManifestSigner(String id, KeyPair keys) {
    private static final String ALGORITHM = "Ed25519";
    private static final String PREFIX = "ed25519:";
    private static final byte[] PURPOSE = "rollback manifest signature v1".getBytes(StandardCharsets.US_ASCII);

    static ManifestSigner of(BackupKeys.Identity identity) {
        try {
            var generator = KeyPairGenerator.getInstance(ALGORITHM);
            generator.initialize(NamedParameterSpec.ED25519, new Fixed(identity.derive(PURPOSE)));
            var keys = generator.generateKeyPair();
            return new ManifestSigner(
                    PREFIX + Base64.getEncoder().encodeToString(keys.getPublic().getEncoded()), keys);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime since 15 has Ed25519", e);
        }
    }

    /** Of each key, in its order. */
    static List<ManifestSigner> all(BackupKeys keys) {
        return keys.identities().stream().map(ManifestSigner::of).toList();
    }

    /** In Base64. */
    String sign(String text) {
        try {
            var signature = Signature.getInstance(ALGORITHM);
            signature.initSign(keys.getPrivate());
            signature.update(text.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("an Ed25519 key signs anything", e);
        }
    }

    /** Whether the owner of this id has signed the text. */
    static boolean verify(String id, String text, String signed) {
        try {
            var signature = Signature.getInstance(ALGORITHM);
            signature.initVerify(publicKey(id));
            signature.update(text.getBytes(StandardCharsets.UTF_8));
            return signature.verify(Base64.getDecoder().decode(signed));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }

    private static PublicKey publicKey(String id) throws GeneralSecurityException {
        if (!id.startsWith(PREFIX)) {
            throw new GeneralSecurityException("no signer");
        }
        var encoded = Base64.getDecoder().decode(id.substring(PREFIX.length()));
        return KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
    }

    /** The JDK makes the public key only of what it has drawn itself. */
    private static final class Fixed extends SecureRandom {
        private static final long serialVersionUID = 1L;

        private final byte[] bytes;

        Fixed(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        @Override
        public void nextBytes(byte[] drawn) {
            System.arraycopy(bytes, 0, drawn, 0, drawn.length);
        }
    }
}
