"""What many questions read of a version of the lake and nobody wants to read twice."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from core.lake.reader import Snapshot

P = ParamSpec("P")
T = TypeVar("T")


def per_version(
    *tables: str, most: int = 8
) -> Callable[[Callable[Concatenate[Snapshot, P], T]], Callable[Concatenate[Snapshot, P], T]]:
    """Keep what a function says of a snapshot, per lake and version of the tables it reads, and per further arguments, which are
    hashable; the ``most`` last used.

    What it says is shared between threads and must not be changed.
    """

    def keeping(read: Callable[Concatenate[Snapshot, P], T]) -> Callable[Concatenate[Snapshot, P], T]:
        kept: OrderedDict[tuple[object, ...], T] = OrderedDict()
        lock = threading.Lock()

        @wraps(read)
        def said(snapshot: Snapshot, *others: P.args, **named: P.kwargs) -> T:
            manifest = snapshot.manifest
            key = (
                str(snapshot.root), manifest.lake_id, *(manifest.tables.get(table, -1) for table in tables), *others, *named.items(),
            )  # fmt: skip
            with lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            found = read(snapshot, *others, **named)
            with lock:
                kept[key] = found
                while len(kept) > most:
                    kept.popitem(last=False)
            return found

        return said

    return keeping
