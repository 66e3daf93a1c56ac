"""``make run``: the worker, the receiver and the app as child processes that live and die together."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence

from core.errors import InvalidAddress
from core.settings import PROJECT, Settings

FIRST_PORT, LAST_PORT = 8501, 8599
FIRST_RECEIVER_PORT, LAST_RECEIVER_PORT = 8600, 8699
READY_WITHIN_S = 120.0
DEATHS, DEATHS_WITHIN_S = 5, 60.0
WORKER, RECEIVER, APP = 0, 1, 2
NAMES = {WORKER: "worker", RECEIVER: "receiver"}
"""Children that pages live without for a while, so that those which die are started anew."""
PR_SET_PDEATHSIG = 1
POLL_S = 0.1
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where an app that listens on all addresses is asked."""
Say = Callable[[str], None]


def free_port(address: str, wanted: int | None = None, first: int = FIRST_PORT, last: int = LAST_PORT) -> int:
    """``wanted``, or the first free one from ``first`` to ``last``. Raises ``InvalidAddress``."""
    for port in [wanted] if wanted else range(first, last + 1):
        if _is_free(address, port):
            return port
    what = (
        f"Port {wanted} of {address} cannot be had"
        if wanted
        else f"No port from {first} to {last} of {address} is free"
    )
    raise InvalidAddress(
        f"{what}. Stop what listens there, or name another: --port, --address.",
        port=wanted or first,
        address=address,
    )


def receiver_port(address: str, wanted: int | None = None) -> int:
    """As ``free_port``, from 8600 on."""
    return free_port(address, wanted, FIRST_RECEIVER_PORT, LAST_RECEIVER_PORT)


def _is_free(address: str, port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except (OSError, OverflowError):
        return False
    return True


def serve(settings: Settings, port: int, address: str, say: Say, receiver: int) -> int:
    """Start all three, say when the pages answer, and wait. Ctrl-C, or the end of the app, stops all. ``receiver``: its port. Returns an exit code."""
    environment = os.environ | {"SIYU_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"}
    commands = {WORKER: _worker(), RECEIVER: _receiver(receiver, address), APP: _app(port, address)}
    children = [_child(commands[one], environment) for one in (WORKER, RECEIVER, APP)]
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        shown = LOOPBACK.get(address, address)
        shown = f"[{shown}]" if ":" in shown else shown
        if not _ready(f"http://{shown}:{port}/healthz", children[APP]):
            say("The app did not start; its messages stand above.")
            return 1
        say(
            f"\n  Siyu Cockpit 私域驾驶舱   http://{shown}:{port}\n  Receiver   http://{shown}:{receiver}\n  Ctrl-C stops it.\n"
        )
        return _watch(children, commands, environment, say)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(children)


def _watch(
    children: list[subprocess.Popen[bytes]], commands: Mapping[int, list[str]], environment: dict[str, str], say: Say
) -> int:
    """Wait for the app to end. A worker or a receiver that dies is started anew, unless it keeps dying: pages live without it."""
    deaths: dict[int, list[float]] = {one: [] for one in NAMES}
    while children[APP].poll() is None:
        for one, name in NAMES.items():
            code = children[one].poll()
            if code is None:
                continue
            deaths[one] = [at for at in deaths[one] if at > time.monotonic() - DEATHS_WITHIN_S] + [time.monotonic()]
            if len(deaths[one]) > DEATHS:
                say(f"The {name} keeps ending; its messages stand above. Stopping.")
                return 1
            say(f"The {name} ended with code {code}; starting it anew.")
            children[one] = _child(commands[one], environment)
        time.sleep(POLL_S)
    return children[APP].returncode


def _worker() -> list[str]:
    return [sys.executable, "-m", "core", "worker"]


def _receiver(port: int, address: str) -> list[str]:
    return [sys.executable, "-m", "core", "receiver", "--port", str(port), "--address", address]


def _app(port: int, address: str) -> list[str]:
    options = {"server.port": port, "server.address": address, "server.headless": "true"}
    return [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *(f"--{k}={v}" for k, v in options.items())]


def _child(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches only the parent, which then stops both in order.
    return subprocess.Popen(command, cwd=PROJECT, env=environment, start_new_session=True, preexec_fn=_end_with_parent)


def _end_with_parent() -> None:
    """On Linux a child hears of its parent's death, so that even a kill -9 leaves no orphan behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _ready(health: str, app: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and app.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_S)
    return False


def _stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
