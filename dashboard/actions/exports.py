"""Taking data out: whole, safe to open in a spreadsheet, and written down."""

import csv
import io
from collections.abc import Callable
from typing import Any, Literal

import pandas as pd
import xlsxwriter

from core.errors import Refusal
from core.scope import Operator
from core.store import audit
from core.work import logins
from dashboard.actions import guard
from dashboard.web import wiring

Format = Literal["csv", "xlsx"]
MOST_ROWS = {"csv": None, "xlsx": 1_048_575}
"""Rows that the format can hold beside its header."""
MIME = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
EXACT_DIGITS = 15
"""What spreadsheets keep of a number; the digits behind become noughts."""
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class TooManyRows(Refusal):
    """The file format cannot hold the table. Nothing is cut off in silence."""

    code = "export.too_many_rows"


def deferred(
    table: Callable[[], pd.DataFrame], name: str, file: Format, details: dict[str, Any]
) -> Callable[[], bytes]:
    """Makes the file when the download is clicked, in the name of whoever is logged in now.

    The click arrives outside a script run, so the session is remembered here and asked again there: a role that was taken
    away in between takes nothing out. Every file is an entry in the audit log.
    """
    who = guard.visitor()
    session_id = who.session_id if who else 0

    def make() -> bytes:
        found = logins.visitor_of_session(wiring.accounts_store(), session_id, now=wiring.now())
        if found is None:
            raise guard.LoggedOut("The session is over. Log in again.")
        return exported(found.operator, table(), name, file, details)

    return make


def exported(operator: Operator, table: pd.DataFrame, name: str, file: Format, details: dict[str, Any]) -> bytes:
    """The table as a file, after the audit log has it. Raises ``Forbidden`` and ``TooManyRows``."""
    operator.require("people.export")
    most = MOST_ROWS[file]
    if most is not None and len(table) > most:
        raise TooManyRows(f"A {file} file holds {most} rows, the list has {len(table)}.", rows=len(table), most=most)
    content = as_csv(table) if file == "csv" else as_xlsx(table)
    with wiring.accounts_store().transaction() as session:
        said = details | {"rows": len(table), "file": file}
        audit.append(session, operator, "people.exported", f"export:{name}", said, now=wiring.now())
    return content


def as_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need for Chinese; CRLF; all rows."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(column) for column in table.columns])
    for row in table.itertuples(index=False, name=None):
        writer.writerow([_kept_whole(safe(value)) for value in row])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(table: pd.DataFrame) -> bytes:
    """One sheet; text stays text, numbers stay numbers."""
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, str(safe(column)), bold)
        for number, row in enumerate(table.itertuples(index=False, name=None), 1):
            for place, value in enumerate(row):
                _write(sheet, number, place, safe(value))
    return out.getvalue()


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe in front."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, str) and value.startswith(_STARTS):
        return "'" + value
    return value


def _kept_whole(value: Any) -> Any:
    """A text of more digits than spreadsheets keep of a number gets an apostrophe in front, which imports and lists take off again."""
    return f"'{value}" if isinstance(value, str) and len(value) > EXACT_DIGITS and value.isdecimal() else value


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, bool) or (not isinstance(value, int | float) and not hasattr(value, "__float__")):
        sheet.write_string(row, column, str(value))
    else:
        sheet.write_number(row, column, float(value))
