"""Rows in the making: columns are added layer by layer, and with them the reasons why a row cannot be taken."""

import ibis
import ibis.expr.types as ir

BETWEEN = "; "


class Draft:
    """A table that grows. What one layer made, the next may use; ``rows`` is the newest.

    Layers are kept apart in the query, because a value that is used five times would otherwise be computed, and written into
    the query, five times: ibis joins neighbouring layers unless one holds something volatile.
    """

    def __init__(self, rows: ir.Table) -> None:
        self.rows = rows
        self._open: list[tuple[ir.BooleanValue, str]] = []
        self._refusals: dict[str, str] = {}

    def __getitem__(self, name: str) -> ir.Value:
        return self.rows[name]

    def __contains__(self, name: str) -> bool:
        return name in self.rows.columns

    def add(self, **values: ir.Value) -> None:
        """A layer with more columns, and with the refusals since the layer before."""
        for condition, code in self._open:
            name = f"_refusal_{len(self._refusals)}"
            self._refusals[name] = code
            values[name] = condition.fill_null(False)
        self._open = []
        self.rows = self.rows.mutate(**values, _apart=ibis.random())

    def refuse(self, condition: ir.BooleanValue, code: str) -> None:
        """Rows for which the condition is true cannot be taken. The condition is about ``rows`` as it is now."""
        self._open.append((condition, code))

    def judge(self) -> None:
        """Add ``is_refused``, and ``reasons``: why, several in the order in which they were noticed; null when a row can be taken.

        Two columns, because the texts are only needed for the few rows that have any.
        """
        self.add()
        # Never true, but volatile: or else the engine would filter before the layers, and compute them twice or more.
        never = ibis.random() < 0
        flags = [self.rows[name] for name in self._refusals]
        codes = [ibis.ifelse(self.rows[name], code, ibis.null("string")) for name, code in self._refusals.items()]
        self.add(
            is_refused=ibis.or_(*flags, never),
            reasons=ibis.literal(BETWEEN).join(codes).nullif("") if codes else ibis.null("string"),
        )
