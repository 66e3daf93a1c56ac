"""Chat logs: lines as rows, renames and actions, days out of names, archives of days."""

import csv
import gzip
import io
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from core.errors import Unreadable
from core.sources import chat, files
from tests.bringing import UBUNTU_IRC, shared

DAY = """[08:00] <Ann> good morning
=== Ann is now known as Ann_away
[08:01]  * bob waves
[08:01] <bob> hi
[08:01] <bob> hi
[08:02] <Cy> two
lines
=== topic changed
[08:03] -spam:#shop- buy
"""


def rows(readable: files.Readable) -> list[dict[str, str]]:
    with readable.path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def read(tmp_path: Path, name: str, content: bytes, **form: str) -> files.Readable:
    file, folder = tmp_path / name, tmp_path / "work"
    file.write_bytes(content)
    folder.mkdir()
    return files.opened(file, folder=folder, form=files.Form(**form))


def packed(kind: str, days: dict[str, str]) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            for name, text in days.items():
                archive.writestr(name, text)
        return out.getvalue()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in days.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(out.getvalue()) if kind == "tar.gz" else out.getvalue()


def test_every_line_is_a_row_of_its_kind(tmp_path: Path) -> None:
    found = rows(read(tmp_path, "shop_2026-03-01.txt", DAY.encode()))
    assert [(row["at"], row["nick"], row["also"], row["kind"], row["text"]) for row in found] == [
        ("2026-03-01 08:00", "Ann", "ann", "text", "good morning"),
        ("2026-03-01 08:00", "ann", "ann_away", "rename", "=== Ann is now known as Ann_away"),
        ("2026-03-01 08:01", "bob", "", "action", "waves"),
        ("2026-03-01 08:01", "bob", "", "text", "hi"),
        ("2026-03-01 08:01", "bob", "", "text", "hi"),
        ("2026-03-01 08:02", "Cy", "cy", "text", "two\nlines"),
        ("2026-03-01 08:02", "", "", "system", "=== topic changed"),
        ("2026-03-01 08:03", "spam", "", "notice", "buy"),
    ]


def test_equal_messages_of_a_minute_have_ids_of_their_own_and_a_longer_export_keeps_them(tmp_path: Path) -> None:
    whole = rows(read(tmp_path, "2026-03-01.txt", DAY.encode()))
    (tmp_path / "work").rename(tmp_path / "before")
    cut = rows(read(tmp_path, "20260301.log", DAY[DAY.index("[08:01]") :].encode()))
    assert len({row["message_id"] for row in whole}) == len(whole)
    assert {row["message_id"] for row in cut} <= {row["message_id"] for row in whole}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_of_an_archive_all_days_are_read_in_their_order_and_what_is_no_chat_is_left(tmp_path: Path, kind: str) -> None:
    days = {"b/2026-03-02.txt": "[09:00] <bob> later\n", "a/2026-03-01.txt": DAY, "a/readme.txt": "how to read this"}
    found = rows(read(tmp_path, f"days.{kind}", packed(kind, days)))
    assert Counter(row["at"][:10] for row in found) == {"2026-03-01": 8, "2026-03-02": 1}
    assert found[-1]["text"] == "later"


def test_a_named_member_of_an_archive_is_read_alone(tmp_path: Path) -> None:
    content = packed("zip", {"2026-03-01.txt": DAY, "2026-03-02.txt": "[09:00] <bob> later\n"})
    found = rows(read(tmp_path, "days.zip", content, part="2026-03-02.txt"))
    assert [row["text"] for row in found] == ["later"]


def test_an_archive_of_tables_is_none_of_chats(tmp_path: Path) -> None:
    readable = read(tmp_path, "days.tar.gz", packed("tar.gz", {"a.csv": "time,what\n1,2\n", "b.csv": "x\n1\n"}))
    assert readable.columns == ("time", "what")
    assert set(readable.parts) == {"a.csv", "b.csv"}


def test_without_a_day_in_the_name_nothing_can_be_dated(tmp_path: Path) -> None:
    readable = read(tmp_path, "chat.txt", DAY.encode())
    assert rows(readable) == []
    assert {broken.reason for broken in readable.broken} == {chat.NO_DAY}
    assert [broken.row_number for broken in readable.broken] == list(range(1, 9))


def test_what_stands_before_the_first_message_is_kept_as_unreadable(tmp_path: Path) -> None:
    readable = read(tmp_path, "2026-03-01.txt", ("exported by me\n" + DAY).encode())
    assert [(b.row_number, b.text, b.reason) for b in readable.broken] == [(1, "exported by me", chat.NO_LINE)]
    assert len(rows(readable)) == 8


def test_chinese_in_an_older_encoding_is_read(tmp_path: Path) -> None:
    lines = "".join(f"[08:{minute:02}] <小王> 早上好，今天有什么优惠\n" for minute in range(30))
    found = rows(read(tmp_path, "客户群 2026年.2026-03-01.txt", lines.encode("gb18030")))
    assert {(row["nick"], row["text"]) for row in found} == {("小王", "早上好，今天有什么优惠")}


def test_a_cut_gzip_of_a_chat_names_the_last_good_line(tmp_path: Path) -> None:
    lines = "".join(
        f"[{hour:02}:{minute:02}] <u{minute}> message {hour * minute}\n" for hour in range(24) for minute in range(60)
    )
    content = gzip.compress(lines.encode())
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, "2026-03-01.txt.gz", content[: len(content) // 2])
    assert 0 < refused.value.details["last_row"] < 1440


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2008-04-27.train-a.txt", "2008-04-27"),
        ("2008-12-11_11.txt", "2008-12-11"),
        ("log20260301.txt", "2026-03-01"),
        ("a/2026.03.01/chat.txt", None),
        ("12345678.txt", None),
        ("2026-13-01.txt", None),
    ],
)
def test_the_day_is_in_the_name_of_the_file(name: str, day: str | None) -> None:
    assert chat.day_in(name) == day


@pytest.mark.parametrize(
    "text", ["time,what\n1,2\n", "", "\n\n", '{"a": 1}', "[1, 2]", "=== only ===\n", "[08:00] hello\n" * 9]
)
def test_other_texts_are_no_chats(text: str) -> None:
    assert not chat.is_chat(text)


def test_the_104_days_of_a_support_channel_are_read_line_by_line(tmp_path: Path) -> None:
    """Figures of data-contract.md 22, and the lines of the files counted by plain means."""
    archive = shared(UBUNTU_IRC)
    folder = tmp_path / "work"
    folder.mkdir()
    found = rows(files.opened(archive, folder=folder))
    with tarfile.open(archive) as tar:
        lines = sum(tar.extractfile(m).read().count(b"\n") for m in tar.getmembers() if m.isfile())  # type: ignore[union-attr]
    assert len(found) == lines == 143_102
    day = [row for row in found if row["at"].startswith("2008-04-27")]
    assert Counter(row["kind"] for row in day) == {"text": 1939, "action": 19, "rename": 21}
    nicks = {row["nick"] for row in day if row["kind"] == "text"}
    assert (len(nicks), len({nick.lower() for nick in nicks})) == (179, 178)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("[22:15] <ann> first\nsecond line\nthird\nfourth", False),
        ("[22:15] <ann> first\nsecond line\nthird\n[22:16] <bob> hi", True),
        ("ann has joined\n[22:15] <ann> first\nsecond line", True),
        ("a\nb\nc\nd\ne\n[22:15] <ann> too late\n[22:15] <ann> to tell", False),
        ('[\n{"at": "[22:15] <ann> x"}\n]', False),
        ("", False),
    ],
)
def test_a_chat_has_a_line_that_begins_like_one_soon_and_no_more_than_two_others_for_each(text, is_one):
    assert chat.is_chat(text) is is_one


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("茶友会 2026-11-20.txt", "茶友会"), ("2026-11-20_tea club.log.gz", "tea club"), ("2026-11-20.txt", ""), ("20261120.txt", ""),
        ("茶友会/2026-11-20.txt", "茶友会"), ("all/茶友会 - 2026.11.20.txt", "茶友会"), ("V2 群 2026-11-20.txt", "V2 群"),
    ],
)  # fmt: skip
def test_a_files_name_says_the_group_beside_the_day(name: str, group: str) -> None:
    assert chat.group_in(name) == group
