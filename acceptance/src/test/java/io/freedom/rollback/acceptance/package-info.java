/** The product as its users have it: the distribution's programs, a real engine, a real platform. */
@NullMarked
package io.freedom.rollback.acceptance;

import org.jspecify.annotations.NullMarked;
