"""Two apps, a worker and command lines on one home at the same time."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.settings import PROJECT
from tests.e2e.browsing import idle, serving

pytestmark = [pytest.mark.fault, pytest.mark.browser]
MAPPING = """
table = "events"
source = "{source}"
[columns]
name = "what"
occurred_at = "when"
[identities]
user_id = "who"
"""


def command(home: Path, *words: str) -> str:
    """Standard output of a command line on the home; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *words], cwd=PROJECT, env=os.environ | {"SIYU_HOME": str(home)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def file(folder: Path, number: int) -> tuple[Path, Path]:
    """200 events of 50 people from a source of its own, and the mapping for it."""
    rows = [f"u{n % 50},2025-01-{n % 28 + 1:02d} 10:{n % 60:02d}:{n % 7:02d},page_view" for n in range(200)]
    data, mapping = folder / f"{number}.csv", folder / f"{number}.toml"
    data.write_text("\n".join(["who,when,what", *dict.fromkeys(rows)]), encoding="utf-8")
    mapping.write_text(MAPPING.format(source=f"s{number}"), encoding="utf-8")
    return data, mapping


@pytest.mark.long
def test_two_apps_a_worker_and_imports_share_a_home_without_errors(tmp_path, chromium):
    home = tmp_path / "home"
    home.mkdir()
    files = [file(tmp_path, number) for number in range(4)]
    command(home, "ingest", "events", str(files[0][0]), "--mapping", str(files[0][1]))
    environment = os.environ | {"SIYU_HOME": str(home)}
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "core", "worker"], cwd=PROJECT, env=environment, stdout=log, stderr=log
        )
    try:
        with serving(home) as one, serving(home) as two, ThreadPoolExecutor(3) as pool:
            imports = [
                pool.submit(command, home, "ingest", "events", str(data), "--mapping", str(mapping))
                for data, mapping in files[1:]
            ]
            for server in (one, two):
                context = chromium.new_context()
                token = server.token(server.account("analyst"))
                context.add_cookies([{"name": "siyu_session", "value": token, "url": server.url}])
                page = context.new_page()
                page.goto(f"{server.url}/overview?period=all")
                idle(page)
                context.close()
            counts = [json.loads(done.result()) for done in imports]
        assert worker.poll() is None
    finally:
        worker.terminate()
        worker.wait(timeout=30)
    distinct = len(dict.fromkeys(files[0][0].read_text().splitlines())) - 1
    assert [c["accepted"] for c in counts] == [distinct] * 3
    found = {row["metric"]: row["value"] for row in json.loads(command(home, "ask", "overview"))}
    assert (found["members"], found["active_members"]) == (200, 200)
    assert json.loads(command(home, "check")) == []
    logs = [*home.glob("server-*.log"), tmp_path / "worker.log"]
    assert [log.name for log in logs if "Traceback" in log.read_text(errors="replace")] == []
