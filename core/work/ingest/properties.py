"""What else a source said, as one JSON object per row: keys sorted, nothing empty, so that equal rows are equal texts."""

import json
import re

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from core.work.ingest.mapping import Mapping
from core.work.ingest.staging import Staged

ESCAPES = re.compile(r"\\(u0000|.)", re.DOTALL)


@ibis.udf.scalar.builtin(name="to_json")
def _quoted(text: str) -> str:  # type: ignore[empty-body]
    """A text as a JSON string."""


@ibis.udf.scalar.pyarrow
def _merged(objects: str, flat: str) -> str:
    """JSON objects of a column, with the keys of another JSON object put over them; a text that is no object is kept as ``value``."""
    texts = [_one(left, right) for left, right in zip(objects.to_pylist(), flat.to_pylist(), strict=True)]  # type: ignore[attr-defined]
    return pa.array(texts, pa.string())  # type: ignore[return-value]


def properties(rows: ir.Table, staged: Staged, mapping: Mapping) -> ir.StringValue | None:
    """JSON object of the columns that the mapping sends there; null when all are empty, None when it sends none there."""
    names = columns(staged, mapping)
    flat = _flat(rows, staged, names) if names else None
    if mapping.properties.json and mapping.properties.json in staged.cells:
        objects = staged.text(mapping.properties.json, rows)
        return _merged(objects.fill_null(""), "" if flat is None else flat.fill_null("")).nullif("")
    return flat


def columns(staged: Staged, mapping: Mapping) -> list[str]:
    """Source columns that become properties, sorted."""
    used = set(mapping.wanted())
    rest = [c for c in staged.header if c not in used] if mapping.properties.rest else []
    return sorted({*rest, *mapping.properties.columns})


def _flat(rows: ir.Table, staged: Staged, names: list[str]) -> ir.StringValue:
    pairs = [
        ibis.literal(json.dumps(name, ensure_ascii=False) + ":") + _quoted(staged.text(name, rows)) for name in names
    ]
    inside = ibis.literal(",").join(pairs).nullif("")  # leaves out what is null
    return ibis.literal("{") + inside + "}"


def _without_nul(written: str) -> str:
    """JSON whose texts hold no NUL characters, as no text of the lake does (``staging.NUL``)."""
    if "\\u0000" not in written:
        return written
    return ESCAPES.sub(lambda found: "" if found[1] == "u0000" else found[0], written)


def _one(text: str, flat: str) -> str:
    said = json.loads(flat) if flat else {}
    if text:
        try:
            value = json.loads(_without_nul(text))
        except (ValueError, RecursionError):
            value = {"value": text}
        said = (value if isinstance(value, dict) else {"value": value}) | said
    said = {key: value for key, value in said.items() if value is not None and value != ""}
    written = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")) if said else ""
    return written.encode(errors="replace").decode()  # half of a character that needs two cannot be kept
