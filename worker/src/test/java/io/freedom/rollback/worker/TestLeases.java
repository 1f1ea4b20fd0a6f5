package io.freedom.rollback.worker;

/** What a process has that reaches Kafka. */
final class TestLeases {
    private TestLeases() {}

    /** For ever. */
    static Leases held() {
        var leases = new Leases(() -> 0);
        leases.membership().renew(0);
        return leases;
    }
}
