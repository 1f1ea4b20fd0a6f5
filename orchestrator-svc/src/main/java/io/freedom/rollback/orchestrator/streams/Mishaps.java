package io.freedom.rollback.orchestrator.streams;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.streams.errors.TaskCorruptedException;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where this orchestrator failed by a fault of its own. The thread that failed is replaced and comes to the same record
 * again, and so would the one after it: all platforms would stand still because of one record. So that is put aside when
 * it failed for the second time. Kept in memory and shared by all threads; a process that starts anew tries again.
 */
public final class Mishaps {
    private static final Logger LOG = LoggerFactory.getLogger(Mishaps.class);
    /** The second time it is no accident. */
    private static final int ENOUGH = 2;

    private static final int REMEMBERED = 10_000;

    /**
     * What happened somewhere.
     *
     * @param times how often
     * @param what the last failure, one line
     */
    record Mishap(int times, String what) {
        boolean isEnough() {
            return times >= ENOUGH;
        }

        String reason() {
            return "the orchestrator failed on this record " + times + " times: " + what
                    + ". That is a fault of the orchestrator; its log has more";
        }

        /** Also what was done about it has failed. */
        boolean isHopeless() {
            return times > ENOUGH;
        }
    }

    private final Map<String, Mishap> byPlace = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Mishap> eldest) {
            return size() > REMEMBERED;
        }
    };

    private final Set<String> left = new TreeSet<>();

    /** The record in hand. */
    static String placeOf(ProcessorContext<?, ?> context) {
        return context.recordMetadata()
                .map(it -> "record " + it.offset() + " of partition " + it.partition() + " of " + it.topic())
                .orElse("a record");
    }

    /** What happened at a place often enough to keep away from it; empty where nothing did. */
    synchronized Optional<Mishap> at(String place) {
        return Optional.ofNullable(byPlace.get(place)).filter(Mishap::isEnough);
    }

    /** Does it, and remembers if it fails by a fault of ours. */
    void guard(String place, Runnable work) {
        try {
            work.run();
        } catch (StackOverflowError e) {
            var fault = new IllegalStateException("what it holds nests too deeply", e);
            note(place, fault);
            throw fault;
        } catch (RuntimeException e) {
            if (isOurs(e)) {
                note(place, e);
            }
            throw e;
        }
    }

    /**
     * The same again and again: not at all any more where it failed often enough, one time after the other.
     *
     * @return whether it was done
     */
    boolean guardOrPutAside(String place, Runnable work) {
        if (at(place).isPresent()) {
            return false;
        }
        guard(place, work);
        forget(place);
        return true;
    }

    /** The same; and who watches this process is told where it is not done any more. */
    void guardOrLeave(String place, Runnable work) {
        if (!guardOrPutAside(place, work)) {
            leave(place);
        }
    }

    private synchronized void forget(String place) {
        byPlace.remove(place);
    }

    private synchronized void leave(String place) {
        left.add(place);
    }

    /** What is not looked after any more, until this process is started anew. */
    public synchronized List<String> left() {
        return List.copyOf(left);
    }

    private synchronized void note(String place, RuntimeException failure) {
        var before = byPlace.get(place);
        var now = new Mishap(before == null ? 1 : before.times() + 1, String.valueOf(rootOf(failure)));
        byPlace.put(place, now);
        if (now.isEnough()) {
            LOG.error(
                    "{} is put aside, this orchestrator failed at it {} times. That is a fault of it: report it with what"
                            + " stands here",
                    place,
                    now.times(),
                    failure);
        }
    }

    /** What is put aside, one line each. */
    public synchronized Map<String, String> putAside() {
        var all = new LinkedHashMap<String, String>();
        byPlace.forEach((place, mishap) -> {
            if (mishap.isEnough()) {
                all.put(place, mishap.what());
            }
        });
        return all;
    }

    /** A broker, registry or disk that is away is none of ours, nor is a task that another instance has taken over. */
    static boolean isOurs(RuntimeException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ApiException
                    || cause instanceof InterruptException
                    || cause instanceof TaskMigratedException
                    || cause instanceof TaskCorruptedException) {
                return false;
            }
        }
        return rootOf(failure) instanceof RuntimeException root && !(root instanceof KafkaException);
    }

    private static Throwable rootOf(Throwable failure) {
        var root = failure;
        for (var cause = root.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return root;
    }
}
