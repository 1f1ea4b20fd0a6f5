package io.freedom.rollback.schemas.registry;

import org.apache.avro.Schema;

/** One version of a subject; versions count from 1. */
public record RegisteredSchema(int id, int version, Schema schema) {}
