"""The newest version of a lake, as one process knows it while others write."""

import shutil
from datetime import UTC, datetime

import pytest

from core.lake.manifest import EMPTY, Manifest, Manifests

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def manifests(tmp_path):
    return Manifests(tmp_path)


def made(folder, *numbers, lake="one"):
    for number in numbers:
        Manifests(folder).commit(Manifest(number, NOW, "import", {"events": number}, lake))


def test_before_the_first_version_there_is_the_empty_one(manifests, tmp_path):
    assert manifests.latest() == EMPTY
    (tmp_path / "_manifest").mkdir()
    assert manifests.latest() == EMPTY


def test_versions_of_others_are_seen_however_many_there_are(manifests, tmp_path):
    made(tmp_path, 1)
    assert manifests.latest().version == 1
    made(tmp_path, 2, 3)
    assert manifests.latest().version == 3
    assert [one.version for one in manifests.log()] == [3, 2, 1]


def test_a_file_that_is_still_being_written_is_no_version(manifests, tmp_path):
    made(tmp_path, 1)
    (tmp_path / "_manifest" / ".new-2.json").write_text("{", encoding="utf-8")
    assert manifests.latest().version == 1


@pytest.mark.parametrize("versions", [(), (1,), (1, 2), (1, 2, 3)])
def test_a_lake_removed_and_made_anew_is_another_lake_however_many_versions_it_has(manifests, tmp_path, versions):
    made(tmp_path, 1, 2)
    assert manifests.latest().version == 2
    shutil.move(tmp_path / "_manifest", tmp_path / "removed")
    made(tmp_path, *versions, lake="two")
    newest = manifests.latest()
    assert (newest.version, newest.lake_id) == ((max(versions), "two") if versions else (0, ""))
