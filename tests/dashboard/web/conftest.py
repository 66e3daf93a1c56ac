import json

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route, WebSocketRoute

from dashboard.web import server, shell
from tests.dashboard.web.client import Client

SITE = "http://cockpit.test"


async def _echo(request):
    """Stands for Streamlit: answers pages with its own page, everything else with what it was told."""
    if request.url.path.endswith(".json"):
        return JSONResponse(dict(request.headers))
    return HTMLResponse(shell.INDEX.read_text(encoding="utf-8"), headers={"etag": "x", "last-modified": "y"})


async def _echo_websocket(websocket):
    await websocket.accept()
    await websocket.send_text(json.dumps(dict(websocket.headers)))
    await websocket.close()


@pytest.fixture
def browser(store):
    """``browser(token)``: a client of all our layers and routes, with Streamlit replaced by an echo."""
    inner = [WebSocketRoute("/_stcore/stream", _echo_websocket), Route("/{rest:path}", _echo, methods=["GET", "POST"])]

    def call(token="", *, base_url=SITE, **headers) -> Client:
        app = Starlette(routes=[*server.routes(), *inner], middleware=server.middleware())
        accept = {"accept": "text/html,*/*", "accept-language": "zh-CN"}
        client = Client(app, base_url, accept | headers)
        if token:
            client.cookies["siyu_session"] = token
        return client

    return call
