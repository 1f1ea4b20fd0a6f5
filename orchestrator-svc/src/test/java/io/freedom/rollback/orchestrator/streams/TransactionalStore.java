package io.freedom.rollback.orchestrator.streams;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** What Kafka Streams makes of a store and its changelog: what was not committed is not there after a crash. */
final class TransactionalStore<V> implements KeyValueStore<String, V> {
    private final String name;
    private final TreeMap<String, V> data = new TreeMap<>();
    /** Values as they were at the last commit, of what has changed since. */
    private final Map<String, @Nullable V> before = new HashMap<>();

    TransactionalStore(String name) {
        this.name = name;
    }

    void commit() {
        before.clear();
    }

    void rollBack() {
        before.forEach((key, value) -> {
            if (value == null) {
                data.remove(key);
            } else {
                data.put(key, value);
            }
        });
        before.clear();
    }

    private void remember(String key) {
        if (!before.containsKey(key)) {
            before.put(key, data.get(key));
        }
    }

    @Override
    public void put(String key, V value) {
        remember(key);
        data.put(key, value);
    }

    @Override
    public V putIfAbsent(String key, V value) {
        var known = data.get(key);
        if (known == null) {
            put(key, value);
        }
        return known;
    }

    @Override
    public void putAll(List<KeyValue<String, V>> entries) {
        entries.forEach(entry -> put(entry.key, entry.value));
    }

    @Override
    public V delete(String key) {
        remember(key);
        return data.remove(key);
    }

    @Override
    public V get(String key) {
        return data.get(key);
    }

    @Override
    public KeyValueIterator<String, V> range(String from, String to) {
        return over(data.subMap(from, true, to, true));
    }

    @Override
    public KeyValueIterator<String, V> all() {
        return over(data);
    }

    @Override
    public <PS extends Serializer<P>, P> KeyValueIterator<String, V> prefixScan(P prefix, PS serializer) {
        return over(data.subMap(prefix.toString(), prefix.toString() + Character.MAX_VALUE));
    }

    private static <V> KeyValueIterator<String, V> over(Map<String, V> found) {
        var entries = List.copyOf(found.entrySet()).iterator();
        return new Entries<>(entries);
    }

    private record Entries<V>(Iterator<Map.Entry<String, V>> entries) implements KeyValueIterator<String, V> {
        @Override
        public void close() {}

        @Override
        public String peekNextKey() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean hasNext() {
            return entries.hasNext();
        }

        @Override
        public KeyValue<String, V> next() {
            var entry = entries.next();
            return KeyValue.pair(entry.getKey(), entry.getValue());
        }
    }

    @Override
    public long approximateNumEntries() {
        return data.size();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {}

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public boolean persistent() {
        return false;
    }

    @Override
    public boolean isOpen() {
        return true;
    }
}
