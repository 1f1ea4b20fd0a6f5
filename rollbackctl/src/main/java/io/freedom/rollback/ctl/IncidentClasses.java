package io.freedom.rollback.ctl;

import io.freedom.rollback.schemas.incident.IncidentClass;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code deployment-failure} or {@code DEPLOYMENT_FAILURE}. */
final class IncidentClasses implements ITypeConverter<IncidentClass> {
    /** For descriptions. */
    static final String NAMES = "service-degradation, data-corruption, security-breach or deployment-failure";

    @Override
    public IncidentClass convert(String text) {
        var name = text.toUpperCase(Locale.ROOT).replace('-', '_');
        return Arrays.stream(IncidentClass.values())
                .filter(c -> c.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of "
                        + Arrays.stream(IncidentClass.values())
                                .map(c -> c.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                                .collect(Collectors.joining(", "))));
    }
}
