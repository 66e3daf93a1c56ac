"""A web server of our own on a real socket of this machine, for fakes that enforce a contract."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext

HERE = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


@dataclass(frozen=True)
class Reply:
    """``is_lost``: the connection ends without a word."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    is_lost: bool = False


Answering = Callable[[Request], Reply]


@contextmanager
def serving(answer: Answering, context: SSLContext | None = None) -> Iterator[int]:
    """The port on which it answers POSTs and GETs. What it raises fails the request with 599, which no test expects."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                reply = answer(Request(self.path, headers, body, self.command))
            except Exception as error:
                reply = Reply(599, repr(error).encode())
            if reply.is_lost:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        request_queue_size = 256  # else the sixth of those who call at once may be turned away

    server = Server((HERE, 0), Handler)
    server.handle_error = lambda *_: None  # callers that hang up are part of the tests
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
