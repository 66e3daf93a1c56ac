"""A server process that need not load the libraries: it is forked from one that has, for they take longer to load than a page to open."""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

MODULES = (
    "streamlit.web.bootstrap",
    "streamlit.web.cli",
    "uvicorn",
    "starlette.middleware.gzip",
    "plotly.graph_objects",
    "core.app",
    "core.work.duties",
)
"""Nothing that begins a thread, and none of the pages, whose caches are made for the server that runs."""


def begin(arguments: list[str], environment: Mapping[str, str], log: Path) -> BaseProcess:
    """Runs ``streamlit`` with these arguments."""
    context = get_context("forkserver")
    context.set_forkserver_preload(list(MODULES))
    process = context.Process(target=serve, args=(arguments, dict(environment), str(log)))
    process.start()
    return process


def serve(arguments: list[str], environment: dict[str, str], log: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["streamlit", *arguments]
    import_module("streamlit.web.cli").main()
