"""Everything around the pages, ready to be handed to ``st.App``."""

import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from core import sequences
from core.work import standings
from dashboard.web import account, warmup, wiring
from dashboard.web.gate import Gate
from dashboard.web.health import healthz
from dashboard.web.shell import Shell
from dashboard.web.squeeze import Squeeze

ASSETS = Path(__file__).parent / "assets"
SCRIPT = Path(__file__).parent / "script.py"
"""Not beside ``dashboard/pages``, which Streamlit would take for pages of its own kind."""


class _Look(StaticFiles):
    """Own files keep their names when they change, so browsers ask each time whether theirs is still the newest."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "no-cache"
        return response


def routes() -> list[BaseRoute]:
    return [Route("/healthz", healthz), *account.ROUTES, Mount("/look", _Look(directory=ASSETS))]


def middleware() -> list[Middleware]:
    """From the outside in: what hardens every answer, what compresses, what asks who it is."""
    return [Middleware(Shell), Middleware(Squeeze), Middleware(Gate)]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens the house and warms up before the first request is answered."""
    # A password in an address or a token in a header must not end up in a log, and these libraries log both at DEBUG.
    for name in ("httpx", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    await to_thread.run_sync(_open)
    yield {}


def _open() -> None:
    wiring.accounts_store()
    warmup.register("kernels", sequences.warm)
    warmup.register("pages", lambda: importlib.import_module("dashboard.frame").pages())
    warmup.register("members", _members)
    warmup.run()


def _members() -> None:
    house = wiring.house()
    home = house.world(house.shown)
    if home.lake.manifests.latest().tables:
        standings.look(home)
