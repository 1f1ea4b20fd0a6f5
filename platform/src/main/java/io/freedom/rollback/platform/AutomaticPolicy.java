package io.freedom.rollback.platform;

import java.time.Duration;

/**
 * How many rollbacks alerts may start before an operator is asked: more of the same does not help.
 *
 * @param perAlert for one alert, however often it fires anew
 * @param perPlatform for all alerts together
 * @param within the time in which they are counted
 * @param maxAge an alert that began longer ago starts none
 */
public record AutomaticPolicy(int perAlert, int perPlatform, Duration within, Duration maxAge) {}
