from pathlib import Path

import pyarrow as pa
import pytest

from core.schema import IDENTITY_MAP
from core.work import checking
from tests import lakes
from tests.lakes import add, event


@pytest.fixture
def world(tmp_path):
    return lakes.home(tmp_path)


def objects(world):
    return [(fault.check, fault.object) for fault in checking.faults(world)]


def test_a_whole_lake_has_no_faults(world):
    add(world, 1, events=[event(1, "2025-01-01 10:00")])
    assert objects(world) == []


def test_a_file_that_is_gone_is_found(world):
    add(world, 1, events=[event(1, "2025-01-01 10:00")])
    with world.lake.open() as snapshot:
        Path(snapshot.files("events")[0]).unlink()
    assert objects(world) == [("files", "table:events")]


def test_a_value_outside_its_choices_is_found(world):
    add(world, 1, events=[event(1, "2025-01-01 10:00", channel="pigeon")])
    assert objects(world) == [("contract", "table:events")]


def test_an_identity_without_a_member_is_found(world):
    add(world, 1, identities=[{"identity_key": 1, "identity_type": "phone"}])
    with world.writer.change("identity") as change:
        change.replace("identity_map", pa.Table.from_pylist([], IDENTITY_MAP))
    assert objects(world) == [("identity", "table:identity_map")]
