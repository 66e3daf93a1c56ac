"""Rows in the making: columns are added layer by layer, and with them the reasons why a row cannot be taken."""

import ibis
import ibis.expr.types as ir

BETWEEN = "; "
_REASON = "_reason_"


class Draft:
    """A table that grows. What one layer made, the next may use; ``rows`` is the newest.

    Layers are kept apart in the query, because a value that is used five times would otherwise be computed, and written into
    the query, five times: ibis joins neighbouring layers unless one holds something volatile.
    """

    def __init__(self, rows: ir.Table) -> None:
        self.rows = rows
        self._open: list[tuple[ir.BooleanValue, str]] = []
        self._reasons: list[str] = []

    def __getitem__(self, name: str) -> ir.Value:
        return self.rows[name]

    def __contains__(self, name: str) -> bool:
        return name in self.rows.columns

    def add(self, **values: ir.Value) -> None:
        """A layer with more columns, and with the refusals since the layer before."""
        for condition, code in self._open:
            name = f"{_REASON}{len(self._reasons)}"
            self._reasons.append(name)
            values[name] = ibis.ifelse(condition, code, ibis.null("string"))
        self._open = []
        self.rows = self.rows.mutate(**values, _apart=ibis.random())

    def refuse(self, condition: ir.BooleanValue, code: str) -> None:
        """Rows for which the condition is true cannot be taken. The condition is about ``rows`` as it is now."""
        self._open.append((condition, code))

    def judge(self) -> None:
        """Add ``reasons``: why the row cannot be taken, several in the order in which they were noticed; null when it can."""
        self.add()
        joined = ibis.literal(BETWEEN).join([self.rows[name] for name in self._reasons]) if self._reasons else ibis.null("string")
        self.add(reasons=joined.nullif("") if self._reasons else joined)
