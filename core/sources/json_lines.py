"""JSON lines as a table: one column per top-level key. Bodies of the Segment batch API are taken apart into their events,
answers of WeCom's statistics of group chats into their items."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import Unreadable
from core.sources.text import Broken

NOT_JSON = "row.not_json"


def is_json(text: str) -> bool:
    """Whether a text is JSON rather than cells."""
    return text.lstrip()[:1] in ("{", "[")


def flattened(path: Path, target: Path, name: str) -> tuple[tuple[str, ...], tuple[Broken, ...]]:
    """Write the objects as CSV, and return its columns in order of appearance and the lines that are no JSON.

    Texts and numbers are written as they are, objects and lists as JSON with sorted keys. Raises ``Unreadable`` when one
    JSON list spans the file and does not end.
    """
    columns: dict[str, None] = {}
    broken: list[Broken] = []
    for number, item in _items(path, name):
        if isinstance(item, dict):
            columns.update(dict.fromkeys(item))
        else:
            broken.append(Broken(number, str(item), NOT_JSON))
    # Half of a character that needs two, as scripts cut them off, is written as a question mark.
    with target.open("w", encoding="utf-8", errors="replace", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for _, item in _items(path, name):
            if isinstance(item, dict):
                writer.writerow([_text(item.get(column)) for column in columns])
    return tuple(columns), tuple(broken)


def _items(path: Path, name: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Events with their number from 1; a line that is no JSON object comes as its text."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        first = lines.read(1)
        while first.isspace():
            first = lines.read(1)
        lines.seek(0)
        if first == "[":
            yield from enumerate(_list(lines.read(), name), 1)
            return
        number = 0
        for line in lines:
            for item in _events(line):
                number += 1
                yield number, item


def _events(line: str) -> list[dict[str, Any] | str]:
    text = line.strip()
    if not text:
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    if not isinstance(value, dict):
        return [text]
    items = value.get("items")
    if "errcode" in value and isinstance(items, list):
        return [_spread(item) if isinstance(item, dict) else json.dumps(item) for item in items]
    batch = value.get("batch")
    if not isinstance(batch, list):
        return [value]
    shared = {key: value[key] for key in ("context", "integrations") if key in value}
    return [shared | item if isinstance(item, dict) else json.dumps(item) for item in batch]


def _spread(item: dict[str, Any]) -> dict[str, Any]:
    """An item of an answer of WeCom (``groupchat/statistic``): what it keeps under ``data`` beside its name or day."""
    data = item.get("data")
    return {key: value for key, value in item.items() if key != "data"} | data if isinstance(data, dict) else item


def _list(text: str, name: str) -> list[dict[str, Any] | str]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            f"{name} is a JSON list that cannot be read to its end: {error}. Nothing was imported.",
            reason="damaged",
            file=name,
            last_row=0,
        ) from error
    return [value if isinstance(value, dict) else json.dumps(value) for value in values]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
