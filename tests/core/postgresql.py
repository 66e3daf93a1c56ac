"""A PostgreSQL server of the tests' own, on a socket in a folder of its own, without durability."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30
DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: on the path, or where Debian puts the newest."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    places = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda place: int(place.parts[-3]))
    return places[-1].parent if places else None


@contextmanager
def serving(folder_of_programs: Path) -> Iterator[str]:
    """The address of an empty database, as SQLAlchemy takes it. The server refuses to run as root; then it is ``postgres``."""
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="siyu-pg-"))
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "user": user}
    switches = ("-c", "fsync=off", "-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}")
    try:
        subprocess.run(
            [folder_of_programs / "initdb", "-D", data, "-U", "siyu", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
            check=True, **quiet,
        )  # fmt: skip
        server = subprocess.Popen([folder_of_programs / "postgres", "-D", data, *switches], **quiet)
        try:
            _wait(folder, server)
            yield f"postgresql+psycopg://siyu@/postgres?host={folder}"
        finally:
            server.terminate()
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path, server: "subprocess.Popen[bytes]") -> None:
    ready = folder / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended with {server.returncode}")
        if ready.exists() and ready.read_text().splitlines()[-1].strip() == "ready":
            return
        time.sleep(0.05)
    raise TimeoutError("PostgreSQL did not come up")
