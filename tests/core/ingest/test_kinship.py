"""Whose ids a file carries: the source they are known from is named the same; short numbers only raise the question."""

from pathlib import Path

import pytest

from core.work.home import Home
from core.work.ingest import preview
from tests.bringing import bring

HEADER = "user_id,event_name,occurred_at"


def people(folder: Path, name: str, ids: list[str]) -> Path:
    file = folder / name
    file.write_text("\n".join([HEADER, *(f"{one},view,2025-03-0{1 + n % 9} 10:00" for n, one in enumerate(ids))]))
    return file


def known(home: Home, folder: Path, ids: list[str]) -> None:
    """The ids, imported as those of the source ``shop``."""
    file = people(folder, "shop.csv", ids)
    bring(home, file, preview.guessed(home, file).mapping)


@pytest.mark.parametrize(
    ("ids", "source", "codes"),
    [
        ([f"u{n:05}" for n in range(20)], "shop", ["source_known"]),
        ([f"u{n:05}" for n in range(10, 30)], "shop", ["source_known"]),
        ([f"u{n:05}" for n in range(11, 31)], "talk", []),  # fewer than half are known
        ([f"u{n:05}" for n in range(9)], "talk", []),  # too few to say
        ([f"v{n:05}" for n in range(20)], "talk", []),
    ],
)
def test_half_of_the_ids_known_make_it_the_same_source(tmp_path: Path, home: Home, ids, source, codes):
    known(home, tmp_path, [f"u{n:05}" for n in range(20)])
    found = preview.guessed(home, people(tmp_path, "talk.csv", ids))
    assert (found.mapping.source, [note.code for note in found.notes]) == (source, codes)


def test_short_numbers_may_be_the_same_by_chance(tmp_path: Path, home: Home):
    numbers = [str(n) for n in range(1, 21)]
    known(home, tmp_path, numbers)
    found = preview.guessed(home, people(tmp_path, "talk.csv", numbers))
    assert found.mapping.source == "talk"
    assert [(note.code, note.details) for note in found.notes] == [
        ("source_perhaps", {"source": "shop", "known": "20", "count": "20"})
    ]


def test_people_of_two_guessed_files_of_one_system_are_one(tmp_path: Path, home: Home):
    ids = [f"u{n:05}" for n in range(20)]
    known(home, tmp_path, ids)
    file = people(tmp_path, "talk.csv", ids)
    bring(home, file, preview.guessed(home, file).mapping)
    with home.lake.open() as snapshot:
        assert len(snapshot.arrow(snapshot.member_map().select("member_id").distinct())) == 20
