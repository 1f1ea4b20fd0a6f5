package io.freedom.rollback.ctl.report;

/** How something stands, in a symbol that survives a black-and-white printer. */
public enum Mark {
    GOOD("✔"),
    BAD("✘"),
    UNKNOWN("?"),
    /** Over, but not worth a colour: skipped, never begun, not looked at. */
    NONE("–"),
    PENDING("…"),
    UNDONE("↩");

    private final String symbol;

    Mark(String symbol) {
        this.symbol = symbol;
    }

    public String symbol() {
        return symbol;
    }
}
