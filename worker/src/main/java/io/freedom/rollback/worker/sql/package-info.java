/**
 * PostgreSQL as the workers see it over JDBC: connections whose failures say what to do, and exact row counts, so that
 * every step that compares rows counts the same tables in the same way.
 */
@NullMarked
package io.freedom.rollback.worker.sql;

import org.jspecify.annotations.NullMarked;
