/** References to secrets, which stand for them in descriptors and topics, and what they resolve to on this machine. */
@NullMarked
package io.freedom.rollback.schemas.secret;

import org.jspecify.annotations.NullMarked;
