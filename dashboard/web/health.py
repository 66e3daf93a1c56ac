"""``/healthz``: is the server of use, for monitors. Says nothing that somebody outside may not know."""

import logging
from collections.abc import Callable
from typing import Any

from anyio import to_thread
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse

from dashboard.web import wiring

_LOG = logging.getLogger(__name__)


async def healthz(_request: Request) -> JSONResponse:
    """200 with the visible lake version, 503 when store or lake cannot be read."""
    answer = await to_thread.run_sync(state)
    return JSONResponse(answer, 200 if answer["status"] == "ok" else 503, headers={"cache-control": "no-store"})


def state() -> dict[str, Any]:
    store_is_ok, _ = _tried("store", _read_store)
    lake_is_ok, version = _tried("lake", _lake_version)
    return {
        "status": "ok" if store_is_ok and lake_is_ok else "failing",
        "store": "ok" if store_is_ok else "failing",
        "lake_version": version,
    }


def _read_store() -> None:
    with wiring.accounts_store().reading() as session:
        session.execute(select(1))


def _lake_version() -> int:
    house = wiring.house()
    return house.world(house.shown).lake.manifests.latest().version


def _tried(name: str, step: Callable[[], int | None]) -> tuple[bool, int | None]:
    try:
        return True, step()
    except Exception:
        _LOG.exception("Not healthy: the %s cannot be read", name)
        return False, None
