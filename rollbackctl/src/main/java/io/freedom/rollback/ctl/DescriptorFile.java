package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.exit.Failure;
import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.PlatformDescriptors;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A platform.yaml on this machine. */
record DescriptorFile(String text, PlatformDescriptor descriptor) {
    private static final long LIMIT = 1 << 20;

    /** @throws Failure with a line for each problem */
    static DescriptorFile read(Path file) {
        var text = text(file);
        try {
            return new DescriptorFile(text, PlatformDescriptors.parse(text, file.toString()));
        } catch (InvalidDescriptorException e) {
            int count = e.problems().size();
            throw Failure.failed(file + " is not valid, " + (count == 1 ? "one problem" : count + " problems") + ":\n"
                    + e.getMessage());
        }
    }

    private static String text(Path file) {
        try {
            if (Files.isRegularFile(file) && Files.size(file) > LIMIT) {
                throw Failure.usage(file + " is larger than a descriptor can be: is it a platform.yaml?");
            }
            return Files.readString(file);
        } catch (MalformedInputException e) {
            throw Failure.usage(file + " is not UTF-8 text: is it a platform.yaml?");
        } catch (IOException e) {
            throw Failure.usage(file + " cannot be read: " + (Files.exists(file) ? e.getMessage() : "no such file"));
        }
    }
}
