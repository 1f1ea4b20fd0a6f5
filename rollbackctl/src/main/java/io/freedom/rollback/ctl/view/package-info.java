/** Turns plans, snapshots and history into text and JSON. Pure: the clock and the size of the terminal arrive as data. */
@NullMarked
package io.freedom.rollback.ctl.view;

import org.jspecify.annotations.NullMarked;
