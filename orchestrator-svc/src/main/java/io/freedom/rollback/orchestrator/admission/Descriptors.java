package io.freedom.rollback.orchestrator.admission;

import io.freedom.rollback.platform.InvalidDescriptorException;
import io.freedom.rollback.platform.PlatformDescriptor;
import io.freedom.rollback.platform.PlatformDescriptors;
import io.freedom.rollback.schemas.state.PlatformState;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Descriptors of registered platforms. Each is read at every decision about its platform, and reading one takes longer than deciding. */
public final class Descriptors {
    private static final int KEPT = 1000;
    /** Characters; longer ones are few, and are read each time. */
    private static final int LONG = 16 << 10;

    private static final Map<String, PlatformDescriptor> READ =
            Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, PlatformDescriptor> eldest) {
                    return size() > KEPT;
                }
            });

    private Descriptors() {}

    /** @throws InvalidDescriptorException also for what an older release took: rules are added */
    public static PlatformDescriptor read(String text) throws InvalidDescriptorException {
        var known = READ.get(text);
        if (known == null) {
            known = PlatformDescriptors.parse(text, "platform.yaml");
            if (text.length() <= LONG) {
                READ.put(text, known);
            }
        }
        return known;
    }

    /** Empty for a platform that was only checked, or whose descriptor is none by the rules of this release; admission says so. */
    public static Optional<PlatformDescriptor> of(PlatformState state) {
        var text = state.getDescriptor();
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(read(text));
        } catch (InvalidDescriptorException e) {
            return Optional.empty();
        }
    }
}
