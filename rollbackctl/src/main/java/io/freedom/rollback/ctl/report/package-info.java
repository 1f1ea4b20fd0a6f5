/** Tells from its history alone what one rollback did, and what that cost. Pure: clock and time zone arrive as data. */
@NullMarked
package io.freedom.rollback.ctl.report;

import org.jspecify.annotations.NullMarked;
