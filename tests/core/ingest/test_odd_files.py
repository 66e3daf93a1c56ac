"""Files as people really hand them in. The same few facts, written in every way."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from core.errors import InvalidMapping, Unreadable
from core.work.home import Home
from core.work.ingest import rejects
from core.work.ingest.mapping import from_json, to_json
from tests.bringing import ECOM, ONLINE_RETAIL, bring, counts, facts, mapping, named, order_lines, shared

PLAIN = "time,what,who\n2026-01-31 08:00:00,浏览,u1\n2026-02-01 09:30:00,加购,u2\n"
EXPECTED = [("浏览", "2026-01-31 00:00:00"), ("加购", "2026-02-01 01:30:00")]


def told(home: Home) -> list[tuple[str, str]]:
    return [(name, str(at.replace(tzinfo=None))) for name, at in facts(home, "events", "name", "occurred_at")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN.encode(), id="utf-8"),
        pytest.param(PLAIN.encode("utf-8-sig"), id="bom"),
        pytest.param(PLAIN.encode("gb18030"), id="gb18030"),
        pytest.param(PLAIN.encode("utf-16"), id="utf-16"),
        pytest.param(PLAIN.encode("utf-16-be"), id="utf-16-be without a mark"),
        pytest.param(PLAIN.replace(",", ";").encode(), id="semicolons"),
        pytest.param(PLAIN.replace(",", "\t").encode(), id="tabs"),
        pytest.param(PLAIN.replace(",", "|").encode(), id="bars"),
        pytest.param(PLAIN.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(PLAIN.replace("\n", "\r").encode(), id="cr"),
        pytest.param(PLAIN.replace("\n", "\r\n", 1).encode(), id="mixed line ends"),
        pytest.param(PLAIN.replace("浏览", '" 浏览 "').encode(), id="spaces and quotes"),
        pytest.param(PLAIN.replace("u1", "\tu1\u3000").encode(), id="tabs around numbers"),
        pytest.param(gzip.compress(PLAIN.encode("gb18030")), id="gzip of gb18030"),
        pytest.param(gzip.compress(gzip.compress(PLAIN.encode())), id="gzip of gzip"),
    ],
)
@pytest.mark.some(6)
def test_the_same_facts_come_out_of_every_way_of_writing_them(home: Home, content: bytes) -> None:
    assert counts(bring(home, content, mapping())) == (2, 2, 0, 0)
    assert told(home) == EXPECTED
    assert len(set(facts(home, "events", "identity_key"))) == 2


def test_a_parquet_file_is_read_with_its_own_types(home: Home) -> None:
    table = pa.table(
        {
            "time": pa.array([1769817600000000, 1769909400000000], pa.timestamp("us", tz="UTC")),
            "what": ["浏览", "加购"],
            "who": [1, 2],
        }
    )
    file = home.settings.home / "facts.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)
    assert counts(bring(home, file, mapping())) == (2, 2, 0, 0)
    assert told(home) == EXPECTED


def test_json_lines_and_batch_bodies_are_events(home: Home) -> None:
    track = {"type": "track", "messageId": "m1", "event": "Order Completed", "userId": "u1", "timestamp": "2026-01-31T00:00:00Z",
             "properties": {"total": 12.5, "b": [1], "a": {"y": 1, "x": None}}}  # fmt: skip
    page = {"type": "page", "messageId": "m2", "anonymousId": "a1", "timestamp": "2026-01-31T08:00:00+08:00"}
    lines = [json.dumps(track), "not json", json.dumps({"batch": [page, track]})]
    done = bring(home, "\n".join(lines), named(home, "segment"), name="events.jsonl")
    assert counts(done) == (4, 2, 1, 1)
    assert facts(home, "events", "name", "event_id", "properties") == [
        ("Order Completed", "m1", '{"a":{"x":null,"y":1},"b":[1],"total":12.5}'),
        ("page", "m2", None),
    ]
    assert rejects.read(home, done.batch).decode().splitlines()[1] == "2,row.not_json,not json"


def test_a_csv_export_of_segment_gives_the_same_event(home: Home) -> None:
    text = (
        'type,messageId,event,userId,timestamp,properties\ntrack,m1,Added,u1,2026-01-31T00:00:00Z,"{""b"":1,""a"":2}"\n'
    )
    assert counts(bring(home, text, named(home, "segment"))) == (1, 1, 0, 0)
    assert facts(home, "events", "name", "properties") == [("Added", '{"a":2,"b":1}')]


def workbook(file: Path, **sheets: list[list[object]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd hh:mm"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return file


NOTES = [["Notes"], ["nothing"], ["to"], ["see"], ["here"]]
LINES = [
    ["Export of 2026"],
    ["no", "time", "sku", "qty", "price", "who"],
    ["A1", "2026-01-31 10:00", "s1", 2, 1.25, 17850.0],
]


def test_of_two_sheets_the_one_that_fits_is_read(home: Home) -> None:
    file = workbook(home.settings.home / "book.xlsx", Notes=NOTES, Lines=LINES)
    assert counts(bring(home, file, order_lines())) == (1, 1, 0, 0)
    assert facts(home, "order_lines", "order_no", "amount_minor") == [("A1", 250)]


def test_a_named_sheet_is_read_and_a_wrong_name_refused(home: Home) -> None:
    file = workbook(
        home.settings.home / "book.xlsx", First=LINES, Second=[*LINES[1:], ["A2", "2026-01-31", "s1", 1, 3, "x"]]
    )
    assert bring(home, file, order_lines(file={"part": "First"})).read == 1
    with pytest.raises(Unreadable, match="no sheet 'Third'; it has First, Second"):
        bring(home, file, order_lines(file={"part": "Third"}))


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


def test_of_an_archive_the_data_member_that_fits_is_read(home: Home) -> None:
    content = zipped(readme__md="hello", other__csv="a,b\n" + "1,2\n" * 500, facts__csv=PLAIN)
    assert counts(bring(home, content, mapping(), name="facts.zip")) == (2, 2, 0, 0)


@pytest.mark.parametrize(
    "content", [zipped(readme__md="hello"), zipped(facts__csv=PLAIN)[:-30], b"Rar!....", b"", b"%PDF-1.7"]
)
def test_what_is_no_data_is_refused_and_nothing_imported(home: Home, content: bytes) -> None:
    with pytest.raises(Unreadable):
        bring(home, content, mapping())
    assert home.lake.manifests.latest().version == 0


@pytest.mark.parametrize("cut", [0.3, 0.7, 0.999])
def test_a_truncated_gzip_imports_nothing_and_names_the_last_good_row(home: Home, cut: float) -> None:
    packed = shared(ECOM).read_bytes()
    with pytest.raises(Unreadable) as refused:
        bring(home, packed[: int(len(packed) * cut)], named(home, "ecom"), name="ecom.csv.gz")
    last = refused.value.details["last_row"]
    assert isinstance(last, int)
    assert 0.25 * cut * 31_106 < last <= 31_106
    assert f"last good row is {last}" in str(refused.value)
    assert home.lake.manifests.latest().version == 0


def test_a_gzip_with_a_wrong_checksum_imports_nothing(home: Home) -> None:
    packed = bytearray(gzip.compress(PLAIN.encode()))
    packed[-6] ^= 1
    with pytest.raises(Unreadable, match="damaged"):
        bring(home, bytes(packed), mapping())


def test_a_header_without_rows_is_an_import_of_nothing(home: Home) -> None:
    done = bring(home, "time,what,who\n", mapping())
    assert counts(done) == (0, 0, 0, 0)
    assert done.rejects_file is None


def test_missing_columns_are_all_named_with_what_was_found(home: Home) -> None:
    with pytest.raises(InvalidMapping) as refused:
        bring(home, "time,whom\n2026-01-01,x\n", mapping())
    assert str(refused.value) == "The file lacks the columns what, who (did you mean whom?). It has: time, whom."
    assert refused.value.details["missing"] == "what, who"


def test_ragged_rows_are_rejected_and_the_others_keep_their_numbers(home: Home) -> None:
    text = PLAIN + "2026-02-02\n2026-02-03,a,u3\n2026-02-04,a,u4,more\n2026-02-05,a,u5\n"
    done = bring(home, text, mapping())
    assert counts(done) == (6, 4, 0, 2)
    assert facts(home, "events", "row_number") == [(1,), (2,), (4,), (6,)]
    assert rejects.read(home, done.batch).decode().splitlines() == [
        "_row,_reason,time,what,who",
        "3,row.too_few_cells,2026-02-02",
        "5,row.too_many_cells,2026-02-04,a,u4,more",
    ]


def test_line_breaks_within_quotes_are_part_of_the_cell(home: Home) -> None:
    assert counts(bring(home, 'time,what,who\r\n2026-01-01,"a\nb",u1\r\n2026-01-02,c,u2\r\n', mapping())) == (
        2,
        2,
        0,
        0,
    )
    assert facts(home, "events", "name") == [("a\nb",), ("c",)]


def test_a_quotation_mark_that_is_never_closed_imports_nothing(home: Home) -> None:
    with pytest.raises(Unreadable, match=r"opened in row 2 is never closed\. The last good row is 1"):
        bring(home, 'time,what,who\n2026-01-01,a,u1\n2026-01-02,"b,u2\n2026-01-03,c,u3\n', mapping())


def test_a_foreign_byte_rejects_its_row_alone(home: Home) -> None:
    rows = "".join(f"2026-01-01,动作{i},u{i}\n" for i in range(20)).encode()
    done = bring(home, b"time,what,who\n" + rows + b"2026-01-02,\xff\xfe,u9\n" + rows, mapping())
    assert (done.read, done.rejected) == (41, 1)
    assert rejects.read(home, done.batch).decode().splitlines()[1].startswith("21,row.encoding,")


def test_online_retail_with_semicolons_decimal_commas_and_day_first_dates_gives_the_same_lines(home: Home) -> None:
    plain = gzip.decompress(shared(ONLINE_RETAIL).read_bytes()).decode().splitlines()[:2001]
    plain = [line for line in plain if '"' not in line]
    bring(home, "\n".join(plain), named(home, "online_retail"))
    odd = [plain[0].replace(",", ";")]
    for line in plain[1:]:
        cells = line.split(",")
        day, clock = cells[4].split(" ")
        cells[4] = "/".join(reversed(day.split("-"))) + " " + clock
        cells[5] = cells[5].replace(".", ",")
        odd.append(";".join(cells))
    body = {"decimal": ",", "times": {"formats": ["%d/%m/%Y %H:%M:%S"]}}
    other = from_json(to_json(named(home, "online_retail")) | body)
    done = bring(home, "\n".join(odd).encode("gb18030"), other, name="odd.csv")
    assert counts(done) == (len(plain) - 1, 0, len(plain) - 1, 0)


@pytest.mark.parametrize("name", ["zlib", "hex", "rot13", "a\0b", "utf-88"])
def test_what_is_no_encoding_of_texts_is_refused_by_name(home: Home, name: str) -> None:
    with pytest.raises(Unreadable) as refused:
        bring(home, PLAIN, mapping(file={"encoding": name}))
    assert refused.value.details["reason"] == "encoding_name"


@pytest.mark.parametrize("name", ["utf-16", "punycode"])
def test_a_file_that_is_not_in_the_encoding_named_is_refused(home: Home, name: str) -> None:
    with pytest.raises(Unreadable) as refused:
        bring(home, PLAIN, mapping(file={"encoding": name}))
    assert refused.value.details["reason"] == "encoding"


GOOD = '{"time":"2026-01-31 08:00:00","what":"浏览","who":"u1"}'


def test_json_nested_beyond_measure_is_a_rejected_row(home: Home) -> None:
    deep = '{"time":"2026-02-01 09:30:00","what":' + "[" * 100_000 + "]" * 100_000 + ',"who":"u2"}'
    done = bring(home, f"{GOOD}\n{deep}\n", mapping(), name="events.jsonl")
    assert counts(done) == (2, 1, 0, 1)
    with pytest.raises(Unreadable):
        bring(home, "[" * 200_000, mapping(), name="events.json")


def test_half_a_character_in_json_is_a_question_mark(home: Home) -> None:
    half = '{"time":"2026-02-01 09:30:00","what":"a\\ud83d","who":"u2","p":{"\\udfff":1}}'
    by = mapping(properties={"json": "p"}, optional=["p"])
    assert counts(bring(home, f"{GOOD}\n{half}\n", by, name="events.jsonl")) == (2, 2, 0, 0)
    assert facts(home, "events", "name", "properties") == [("浏览", None), ("a?", '{"?":1}')]


@pytest.mark.parametrize("cell", ["[" * 200_000, '{""a"":""\\ud83d""}'], ids=["deep", "half a character"])
def test_odd_json_in_a_column_of_properties_is_kept_as_far_as_it_can_be(home: Home, cell: str) -> None:
    text = f'time,what,who,p\n2026-01-31 08:00:00,浏览,u1,"{cell}"\n'
    assert counts(bring(home, text, mapping(properties={"json": "p"}))) == (1, 1, 0, 0)
    [(kept,)] = facts(home, "events", "properties")
    assert json.loads(kept) == ({"value": cell} if cell.startswith("[") else {"a": "?"})


def test_archives_whose_names_are_damaged_are_refused(home: Home) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("订单.csv", PLAIN)
        archive.writestr("b.csv", PLAIN)
    for damaged in (packed.getvalue().replace("订".encode(), b"\xff\xff\xff"), _one_name_damaged(packed.getvalue())):
        with pytest.raises(Unreadable):
            bring(home, damaged, mapping(), name="f.zip")


def _one_name_damaged(packed: bytes) -> bytes:
    """Only the first of the two places that name the member."""
    return packed.replace("订".encode(), b"\xff\xff\xff", 1)


def test_titles_and_blank_rows_and_columns_of_a_sheet_are_left_out(home: Home, tmp_path: Path) -> None:
    rows = [
        [],
        [],
        ["", "", "export"],
        [],
        ["", "", "time", "what", "who"],
        [],
        ["", "", "2026-01-31 08:00:00", "浏览", "u1"],
    ]
    assert counts(bring(home, workbook(tmp_path / "f.xlsx", A=rows), mapping())) == (1, 1, 0, 0)


def test_a_sheet_with_one_cell_far_down_on_the_right_is_refused_and_harms_nobody(home: Home, tmp_path: Path) -> None:
    file = workbook(tmp_path / "f.xlsx", A=[["time", "what", "who"], ["2026-01-31 08:00:00", "浏览", "u1"]])
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    with zipfile.ZipFile(file) as book:
        parts = {one: book.read(one).replace(b"</sheetData>", far) for one in book.namelist()}
    with zipfile.ZipFile(file, "w") as book:
        for one, content in parts.items():
            book.writestr(one, content)
    with pytest.raises(Unreadable) as refused:
        bring(home, file, mapping())
    assert refused.value.details["reason"] == "large"
