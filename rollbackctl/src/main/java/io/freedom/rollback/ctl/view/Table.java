package io.freedom.rollback.ctl.view;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Columns as wide as their widest cell. */
public final class Table {
    private final List<List<String>> rows = new ArrayList<>();
    private final List<UnaryOperator<String>> colours = new ArrayList<>();

    public Table(String... headings) {
        row(headings);
    }

    public Table row(String... cells) {
        return row(text -> text, cells);
    }

    Table row(UnaryOperator<String> colour, String... cells) {
        rows.add(Stream.of(cells).map(Texts::plain).toList());
        colours.add(colour);
        return this;
    }

    public List<String> lines(Style style) {
        var lines = new ArrayList<String>();
        for (int r = 0; r < rows.size(); r++) {
            var line = new StringBuilder();
            for (int c = 0; c < rows.get(r).size(); c++) {
                line.append(Texts.pad(rows.get(r).get(c), width(c))).append("  ");
            }
            var text = line.toString().stripTrailing();
            lines.add(r == 0 ? style.bold(text) : colours.get(r).apply(text));
        }
        return lines;
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }
}
