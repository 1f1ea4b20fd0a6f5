package io.freedom.rollback.platform;

import java.time.Duration;

/**
 * How changes of the configuration are recorded in the platform's git repository.
 *
 * @param every how often it is looked whether a change was missed: what a lost or overwritten file may cost at most
 * @param secrets whether also files are recorded that git does not track and that are ignored, or look like secrets
 */
public record ConfigurationPolicy(Duration every, boolean secrets) {}
