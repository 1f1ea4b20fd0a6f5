/** Sends notifications to chats and mail servers, again where that fails; no rollback depends on it. */
@NullMarked
package io.freedom.rollback.orchestrator.delivery;

import org.jspecify.annotations.NullMarked;
