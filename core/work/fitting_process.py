"""The process that fits: it is sent what a fit is told, one after the other, and says how far it is, then what came of it.

It ends with the pipe: whoever asks for it may be killed at any moment, and so may it. Run as ``python -m core.work.fitting_process FD MODULE:FUNCTION``.
"""

import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from core.errors import Refusal
from core.models.forecast.told import Told

NICE = 5
"""Pages come first."""
PAUSE_S = 0.25
"""Between two words about how far a fit is."""


def serve(connection: Connection, fit: Callable[..., Any]) -> None:
    """Until the pipe ends. Of each fit: ``("progress", stage, done, of)`` any number of times, then ``("outcome", json, seconds)``,
    ``("refused", code, message, details)`` or ``("failed", message)``."""
    work: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, work), daemon=True).start()
    while True:
        told, started = Told.from_json(work.get()), time.perf_counter()
        try:
            outcome = fit(
                told.history, told.known, told.spec, models=told.models, told=_teller(connection), stop=lambda: False
            )
            connection.send(("outcome", outcome.to_json(), time.perf_counter() - started))
        except Refusal as refusal:
            details = {name: _plain(value) for name, value in refusal.details.items()}
            connection.send(("refused", refusal.code, str(refusal), details))
        except Exception as error:  # a fault of a model ends its fit, not the process
            connection.send(("failed", f"{type(error).__name__}: {error}"))


def _listen(connection: Connection, work: "SimpleQueue[dict[str, Any]]") -> None:
    """The end of the pipe is the end of this process and of those that it started, whatever they are doing."""
    try:
        while True:
            work.put(connection.recv())
    except (EOFError, OSError):
        os.killpg(os.getpgrp(), signal.SIGKILL)


def _teller(connection: Connection) -> Callable[[str, int, int], None]:
    last: list[Any] = [None, 0.0]

    def tell(stage: str, done: int, of: int) -> None:
        moment = time.monotonic()
        if stage != last[0] or done == of or moment - last[1] >= PAUSE_S:
            last[:] = stage, moment
            connection.send(("progress", stage, done, of))

    return tell


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def main() -> None:
    os.nice(NICE)
    module, _, name = sys.argv[2].partition(":")
    connection = Connection(int(sys.argv[1]))
    serve(connection, getattr(importlib.import_module(module), name))


if __name__ == "__main__":
    main()
