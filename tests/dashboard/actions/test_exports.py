"""Files that leave the house: whole, harmless in a spreadsheet, written down."""

import csv
import io

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.errors import Forbidden
from core.store.tables import AuditEntry
from dashboard.actions import exports
from dashboard.actions.exports import TooManyRows, as_csv, as_xlsx, exported, safe
from dashboard.web import wiring

TABLE = pd.DataFrame({"会员": ["M-ABC123", "=1+1", None], "金额": [12.5, -3.0, float("nan")]})


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=x", "＝1+1", "＠x"])
def test_a_text_that_begins_like_a_formula_is_put_out_of_action(text):
    assert safe(text) == "'" + text


@pytest.mark.parametrize("value", ["a=b", "M-ABC", "", 5, -5, -2.5, True])
def test_everything_else_stays_as_it_is(value):
    assert safe(value) == value


@given(st.text())
def test_no_text_cell_of_a_csv_begins_a_formula(text):
    content = as_csv(pd.DataFrame({"a": [text], "b": [1]}))
    (_, row) = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert row[0].removeprefix("'") == text.removeprefix("'")


def test_a_csv_starts_with_the_mark_that_spreadsheets_need_and_holds_every_row():
    content = as_csv(pd.DataFrame({"会员": range(70_000)}))
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == 70_001


def test_an_excel_file_holds_text_as_text_and_numbers_as_numbers():
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(TABLE))).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["会员", "金额"], ["M-ABC123", 12.5], ["'=1+1", -3], ["", ""],
    ]  # fmt: skip
    assert sheet["A3"].data_type == "s"


def test_an_export_is_in_the_audit_log_with_its_rows(enter):
    _, who = enter("analyst")
    exported(who.operator, TABLE, "净收入", "csv", {"metric": "net_revenue"})
    with wiring.accounts_store().reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "people.exported")).one()
    assert (entry.actor, entry.object) == ("analyst1", "export:净收入")
    assert entry.details == {"metric": "net_revenue", "rows": 3, "file": "csv"}


def test_a_role_without_the_permission_takes_nothing_out(enter):
    _, who = enter("manager")
    with pytest.raises(Forbidden):
        exported(who.operator, TABLE, "净收入", "csv", {})
    with wiring.accounts_store().reading() as session:
        assert not session.scalars(select(AuditEntry).where(AuditEntry.action == "people.exported")).all()


def test_a_list_that_does_not_fit_is_refused_not_cut_off(enter, monkeypatch):
    _, who = enter("analyst")
    monkeypatch.setitem(exports.MOST_ROWS, "xlsx", 2)
    with pytest.raises(TooManyRows):
        exported(who.operator, TABLE, "净收入", "xlsx", {})
