"""NUL characters mean nothing, and databases refuse them: they are taken out of every text as it is read."""

import io
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.scope import SYSTEM
from core.sources.encodings import detected
from core.store import segments
from core.work import event_names, uploads
from core.work.ingest import library, preview
from tests import lakes
from tests.bringing import bring, counts, facts, mapping

ROW = {"time": "2025-01-05 10:00", "what": "vi\0ew", "who": "\x007", "size": "X\0L", "none": "\0"}
SAID = [("view", '{"size":"XL"}')]


@pytest.fixture
def home(store, tmp_path):
    made = lakes.home(tmp_path)
    made.store.close()
    return replace(made, store=store)


def as_csv(folder):
    (folder / "a.csv").write_text("\n".join((",".join(ROW), ",".join(ROW.values()))) + "\n")
    return folder / "a.csv"


def as_json(folder):
    (folder / "a.jsonl").write_text(json.dumps(ROW) + "\n")
    return folder / "a.jsonl"


def as_parquet(folder):
    pq.write_table(pa.table({name: [text] for name, text in ROW.items()}), folder / "a.parquet")
    return folder / "a.parquet"


@pytest.mark.parametrize("written", [as_csv, as_json, as_parquet])
@pytest.mark.some(3)
def test_texts_of_a_file_come_without_them(home, tmp_path, written):
    by = mapping(properties={"rest": True})
    assert counts(bring(home, written(tmp_path), by)) == (1, 1, 0, 0)
    assert facts(home, "events", "name", "properties") == SAID
    plain = "time,what,who,size\n2025-01-05 10:00,view,7,XL\n"
    assert counts(bring(home, plain, by)) == (1, 0, 1, 0)  # it says the same, of the same person


def test_what_data_says_can_be_kept_in_both_kinds_of_store(home, tmp_path, now):
    bring(home, as_csv(tmp_path), mapping(properties={"rest": True}), is_named=False)
    ((name, said),) = facts(home, "events", "name", "properties")
    definition = {"steps": [name], "conditions": json.loads(said)}
    with home.store.transaction() as session:
        segments.save(session, name, name, [1], definition=definition, lake_version=1, by="lin", now=now)
    event_names.keep_hidden(home, SYSTEM, [name], now=now)
    with home.store.reading() as session:
        assert [kept.definition for kept in segments.listed(session)] == [definition]
        assert event_names.hidden(session) == {"view"}


@pytest.mark.parametrize("header", ["time,what,who,si\0ze", '{"time":1,"what":1,"who":1,"si\\u0000ze":1}'])
def test_names_of_columns_come_without_them_and_a_mapping_of_them_can_be_kept_and_queued(home, header, now):
    upload = uploads.save(home, SYSTEM, "a.csv", io.BytesIO(header.encode() + b"\n"))
    columns = tuple(preview.sample(home, upload.path).columns)
    assert columns == ("time", "what", "who", "size")
    by = mapping(properties={"columns": list(columns[3:])})
    assert library.save(home, "mine", by, SYSTEM, now=now).revision == 1
    assert uploads.queue(home, SYSTEM, upload.upload_id, by, mapping_name="mine", is_named=True, now=now).batch_id


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (r'{"a\u0000":"x\u0000y","b":"\u0000"}', '{"a":"xy"}'),
        (r'{"a\u0000":1,"a":2}', '{"a":2}'),
        (r'{"a":"\\u0000"}', r'{"a":"\\u0000"}'),
        (r'{"a":"\\\u0000"}', r'{"a":"\\"}'),
        (r"no \u0000 object", r'{"value":"no \\u0000 object"}'),
    ],
)
@pytest.mark.some(4)
def test_escapes_of_json_cells_are_taken_out_and_what_only_looks_so_stays(home, cell, said):
    quoted = '"' + cell.replace('"', '""') + '"'
    bring(home, f"time,what,who,p\n2025-01-05 10:00,view,7,{quoted}\n", mapping(properties={"json": "p"}))
    assert facts(home, "events", "properties") == [(said,)]


def test_a_stray_one_makes_no_wide_encoding():
    assert detected(b"time,what\n2025,vi\0ew\n2025,buy\0\n") == "utf-8"
    assert detected("时间,事件\n2025,浏\0览\n".encode("gb18030"), is_cut=False) == "gb18030"
    assert detected("time,what\n2025,view\n".encode("utf-16-le")) == "utf-16-le"
    assert detected("时间,事件\n二〇二五,浏览\n".encode("utf-16-be")) == "utf-16-be"
