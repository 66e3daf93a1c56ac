"""The receiver as a web app, and the server that runs it."""

import logging
from functools import partial

import uvicorn
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.receiver import guarding, pages
from core.receiver.answering import Answering, Clock
from core.receiver.desk import Desks
from core.receiver.guarding import Hardened, Impatient, Strangers
from core.receiver.hearing import Hearing

HEALTH_S = 5.0
MOST_AT_ONCE, BACKLOG = 1000, 1024
MOST_HEAD = 16 * 1024


def app(desks: Desks, clock: Clock, *, is_https: bool) -> Starlette:
    """``is_https``: whether phones reach it encrypted, by a proxy before it."""
    answering = Answering(desks, Strangers(), clock)
    hearing = Hearing(desks, Strangers(), clock)

    async def healthz(_request: Request) -> JSONResponse:
        """200 while the store can be read; says nothing that somebody outside may not know."""
        try:
            await guarding.within(HEALTH_S, partial(_read, desks))
        except (TimeoutError, DBAPIError):
            return JSONResponse({"status": "failing"}, 503)
        return JSONResponse({"status": "ok"})

    routes = [
        Route("/healthz", healthz),
        Route("/c/{token}", answering.follow),
        Route("/u/{token}", answering.ask, methods=["GET"]),
        Route("/u/{token}", answering.leave, methods=["POST"]),
        Route("/in/{place}/{name}", hearing.hear, methods=["GET", "POST"]),
        Route("/in/{place}/{name}/{secret}", hearing.hear, methods=["GET", "POST"]),
    ]
    handlers = {404: _lost, 405: _lost}
    return Starlette(routes=routes, middleware=[Middleware(Hardened, is_https=is_https)], exception_handlers=handlers)  # type: ignore[arg-type]


def server(web: Starlette, address: str, port: int) -> uvicorn.Server:
    """No log of it names a request: addresses hold tokens."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        web, host=address, port=port, http=Impatient, ws="none", access_log=False, log_config=None, server_header=False, lifespan="off",
        limit_concurrency=MOST_AT_ONCE, backlog=BACKLOG, timeout_keep_alive=5, timeout_graceful_shutdown=5, h11_max_incomplete_event_size=MOST_HEAD,
    )  # fmt: skip
    return uvicorn.Server(config)


def _read(desks: Desks) -> None:
    for desk in desks():
        with desk.store.reading() as session:
            session.execute(select(1))


def _lost(_request: Request, error: HTTPException) -> Response:
    page = pages.lost()
    page.status_code = error.status_code
    return page
