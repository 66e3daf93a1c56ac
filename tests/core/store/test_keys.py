import subprocess
import sys

import pytest

from core.store import keys


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "keys" / "live.key"
    first = keys.master(path)
    assert len(first) == 32
    assert keys.master(path) == first
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in path.parent.iterdir()] == ["live.key"]


def test_two_homes_have_different_keys(tmp_path):
    assert keys.master(tmp_path / "a.key") != keys.master(tmp_path / "b.key")


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    program = (
        "import sys; from pathlib import Path; from core.store import keys; print(keys.master(Path(sys.argv[1])).hex())"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "live.key")]
    runs = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({run.communicate(timeout=60)[0] for run in runs}) == 1


def test_a_damaged_key_is_refused_and_not_replaced(tmp_path):
    path = tmp_path / "live.key"
    path.write_bytes(b"short")
    with pytest.raises(ValueError, match="5 bytes instead of 32"):
        keys.master(path)
    assert path.read_bytes() == b"short"


def test_keys_for_two_purposes_have_nothing_in_common():
    assert keys.derive(b"k" * 32, "audit") == keys.derive(b"k" * 32, "audit")
    assert keys.derive(b"k" * 32, "audit") != keys.derive(b"k" * 32, "identity")
