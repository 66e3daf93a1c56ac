"""A PostgreSQL server of the tests' own, on a socket in a folder of its own, without durability."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

START_SECONDS = 30
DEBIAN = Path("/usr/lib/postgresql")
_SHAPE = text("""
    SELECT md5(string_agg(told, ',' ORDER BY told)) FROM (
        SELECT concat_ws(' ', c.relname, a.attname, a.atttypid, a.attnotnull, a.attisdropped) AS told
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
        UNION ALL
        SELECT concat_ws(' ', c.relname, t.tgname, t.tgenabled)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace
    ) AS everything
""")
_KEEP = text("""
    DO $$ DECLARE name text; BEGIN
        DROP SCHEMA IF EXISTS kept CASCADE;
        CREATE SCHEMA kept;
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('CREATE TABLE kept.%1$I AS TABLE public.%1$I', name);
            IF NOT EXISTS (SELECT FROM pg_class WHERE oid = format('kept.%I', name)::regclass AND pg_relation_size(oid) > 0) THEN
                EXECUTE format('DROP TABLE kept.%I', name);
            END IF;
        END LOOP;
    END $$
""")
_RESTORE = text("""
    DO $$ DECLARE name text; BEGIN
        SET LOCAL session_replication_role = replica;  -- neither triggers nor the order that foreign keys ask for
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('DELETE FROM public.%I', name);
        END LOOP;
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP
            EXECUTE format('INSERT INTO public.%1$I SELECT * FROM kept.%1$I', name);
        END LOOP;
    END $$
""")
_NUMBERS_ANEW = text("""
    SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
""")


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
    settings = ("fsync=off", "full_page_writes=off", "listen_addresses=", f"unix_socket_directories={folder}")
    switches = [part for setting in settings for part in ("-c", setting)]
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


def shape(connection: Connection) -> object:
    """What tables and indexes there are, their columns and triggers."""
    return connection.execute(_SHAPE).scalar()


def keep(connection: Connection) -> None:
    """Remember the rows that there are."""
    connection.execute(_KEEP)


def restore(connection: Connection) -> None:
    """The rows that were remembered and no others, and all numbers from 1 again. Takes a superuser, and far less
    time than to migrate anew."""
    connection.execute(_RESTORE)
    connection.execute(_NUMBERS_ANEW)


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
