"""kill -9 of a worker that counts live segments and rules: each stands as it was counted before, or wholly as it is now."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core.scope import SYSTEM
from core.settings import PROJECT
from core.store import segments, tags
from core.work import segments as named_people
from core.work import tags as work
from tests import lakes
from tests.core.work.people import NORTH, in_city, people_of
from tests.lakes import NOW

COUNTED = NOW + timedelta(hours=1)
CHILD = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from core.work import segments, tags
from tests import lakes
from tests.faults.test_count_kill import COUNTED

home, point, left = lakes.home(Path(sys.argv[1])), sys.argv[2], 2

def statement(_connection, _cursor, text, *_):
    global left
    left -= text.startswith(point)
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(home.store.engine, "before_cursor_execute", statement)
for one in (segments, tags):
    one.refresh_all(home, now=COUNTED)
"""

pytestmark = pytest.mark.fault


@pytest.mark.parametrize(
    ("point", "counted"), [("INSERT INTO segment_sizes", (1, 0)), ("INSERT INTO tag_write_members", (2, 0))]
)
def test_a_worker_killed_while_it_counts_leaves_whole_counts_and_ends_them_when_it_is_back(
    tmp_path: Path, point: str, counted: tuple[int, int]
) -> None:
    home = lakes.home(tmp_path)
    people_of(home, {1: ("上海", NORTH), 2: ("上海", NORTH)})
    kept = [named_people.save_live(home, home.store, SYSTEM, name, in_city("上海"), now=NOW).id for name in "ab"]
    rule = work.create(home, home.store, SYSTEM, "t", "behavioural", tree=in_city("上海"), now=NOW).id
    people_of(home, {1: ("北京", NORTH), 3: ("上海", NORTH)})
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), point], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == -signal.SIGKILL, ran.stderr

    def told() -> tuple[list[tuple[int, ...]], list[list[tuple[object, ...]]], tuple[int, ...], list[tuple[str, int]]]:
        with home.store.reading() as session:
            return (
                [segments.members(session, one) for one in kept],
                [[(s.member_count, s.added_count, s.left_count) for s in segments.sizes(session, one)] for one in kept],
                tags.members(session, rule, COUNTED),
                [(w.action, w.member_count) for w in tags.writes(session, rule)],
            )

    before, after = (2, None, None), (2, 1, 1)
    is_done = [members == (2, 3) for members in told()[0]]
    assert (sum(is_done), int(told()[2] == (2, 3))) == counted
    assert told()[1] == [[before, after] if members == (2, 3) else [before] for members in told()[0]]
    assert told()[3] == [("given", 2), ("created", 0)]
    named_people.refresh_all(home, now=COUNTED + timedelta(hours=1))
    work.refresh_all(home, now=COUNTED + timedelta(hours=1))
    assert told() == (
        [(2, 3)] * 2, [[before, after]] * 2, (2, 3), [("taken", 1), ("given", 1), ("given", 2), ("created", 0)],
    )  # fmt: skip
