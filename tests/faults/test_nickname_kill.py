"""kill -9 of an import of nicknames: those of a batch that came through are read, of one that did not none, and nobody gets another's."""

import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from core.privacy.pseudonyms import key_of, mac_text
from core.privacy.vault import Vault, profile_label
from core.settings import PROJECT
from core.store import profile_fields
from core.store.tables import ProfileField
from core.work import checking
from core.work.home import Home
from core.work.ingest import batches
from tests.bringing import bring, mapping

BY = mapping("member_profiles", columns={"joined_at": "joined", "nickname": "nick"}, identities={"phone": "tel"})
PEOPLE = range(6)
CHILD = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from core.app import House
from core.settings import Settings
from tests.bringing import bring
from tests.faults.test_nickname_kill import BY

home, point, count = House(Settings(home=Path(sys.argv[1]))).live, sys.argv[2], int(sys.argv[3])

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def statement(_connection, _cursor, text, *_):
    global count
    if text.startswith(point):
        count -= 1
        if count < 0:
            die()

if point == "link":
    os.link = die
event.listen(home.store.engine, "before_cursor_execute", statement)
if point == "commit":
    event.listen(home.store.engine, "commit", lambda connection: statement(None, None, "commit"))
bring(home, Path(sys.argv[4]), BY)
print("done")
"""

pytestmark = pytest.mark.fault


def text(step: int, people=PEOPLE) -> str:
    return "tel,joined,nick\n" + "".join(f"1380013800{who},2026-0{step + 1}-01,{step}号{who}\n" for who in people)


def called(home: Home) -> dict[int, str]:
    """Nicknames by person, each opened under the person's own identity."""
    keys = {key_of(mac_text(home.keys, "phone", "", f"1380013800{who}")): who for who in PEOPLE}
    with home.store.reading() as session:
        told = profile_fields.told(session, "nickname", list(keys))
    vault = Vault(home.keys)
    return {keys[key]: vault.open(one.ciphertext, profile_label(key, "nickname")) for key, one in told.items()}


@pytest.mark.parametrize(
    ("point", "count", "is_through"),
    [
        ("INSERT INTO profile_fields", 0, False),
        ("link", 0, False),
        ("DELETE FROM profile_fields", 1, True),
        ("INSERT INTO topic_revisions", 0, True),
    ],
)
def test_nicknames_of_a_killed_import_are_read_all_or_not_at_all(home, tmp_path, point, count, is_through) -> None:
    bring(home, text(0), BY)
    file = tmp_path / "second.csv"
    file.write_text(text(1, range(1, 4)))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(home.settings.home), point, str(count), str(file)],
        cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert called(home) == {who: f"0号{who}" for who in PEOPLE}, "nobody is called by a batch that is not committed"
    batches.reconcile(home, now=datetime.now(UTC))
    expected = {who: f"{int(is_through and who in range(1, 4))}号{who}" for who in PEOPLE}
    assert called(home) == expected
    with home.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(ProfileField)) == len(PEOPLE), "nothing is left behind"
    assert checking.faults(home) == []
    bring(home, file, BY)
    assert called(home) == {who: f"{int(who in range(1, 4))}号{who}" for who in PEOPLE}
