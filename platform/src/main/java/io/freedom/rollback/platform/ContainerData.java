package io.freedom.rollback.platform;

/** A folder inside a service's container that belongs into a restore point; {@code path} is absolute. */
public record ContainerData(String service, String path) {}
