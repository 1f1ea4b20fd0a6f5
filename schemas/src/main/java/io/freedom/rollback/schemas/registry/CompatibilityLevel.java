package io.freedom.rollback.schemas.registry;

/** Which earlier versions of a schema the registry compares a new one with, and in which direction. */
public enum CompatibilityLevel {
    NONE,
    BACKWARD,
    BACKWARD_TRANSITIVE,
    FORWARD,
    FORWARD_TRANSITIVE,
    FULL,
    FULL_TRANSITIVE
}
