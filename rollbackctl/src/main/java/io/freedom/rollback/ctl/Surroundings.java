package io.freedom.rollback.ctl;

import io.freedom.rollback.ctl.topics.Connection;
import io.freedom.rollback.ctl.topics.ControlPlane;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.function.Function;

/** What the commands need from outside, so that tests can be the outside. */
record Surroundings(Function<Connection, ControlPlane> connect, Terminal terminal, InstantSource clock, ZoneId zone) {}
