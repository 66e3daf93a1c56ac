"""What customers of each month have brought since their first order."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

import pandas as pd
import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.data import ltv
from dashboard.data.ltv import AGE_DAYS, SMALL, Row
from dashboard.i18n import t
from dashboard.widgets import behind, columns, heading, opening
from dashboard.widgets.behind import Behind
from dashboard.widgets.opening import Places
from dashboard.widgets.parts import Asked
from dashboard.widgets.value import ltv_chart

PLACES = Places("ltv_cohort", behind.PARAMETER)
WHO = "cohort."
AGES = (1, 2, 3, 6, 9, 12, 18, 24, 36)
"""That the table shows, in steps of ``AGE_DAYS``."""


def show(asked: Asked, margin_percent: int) -> None:
    answer = ltv.cohorts(asked.filters)
    if answer is None or not len(answer.found.rows):
        return
    curves = curved(answer.rows(), margin_percent)
    with st.container(border=True, key="card_ltv_cohorts"):
        measure = t("ltv.cohorts_margin", percent=margin_percent) if margin_percent else t("ltv.cohorts_revenue")
        title = heading.section(t("ltv.cohorts"), measure, "ltv-cohorts")
        lines = [t("ltv.means_cohorts", days=AGE_DAYS, count=SMALL), t("ltv.means_margin")]
        behind.head("ltv_cohorts", title, answer, lines, asked.in_words)
        known = [(on, rows) for on, rows in curves if rows[0]["value_minor"] is not None]
        if known:
            charts.show(
                "ltv_cohorts", f"{answer.key}|{margin_percent}", lambda: ltv_chart.cohorts(known, mean(known), answer.currency),
                alt=t("ltv.cohorts"),
            )  # fmt: skip
            st.caption(t("ltv.cohorts_caption", days=AGE_DAYS, count=ltv_chart.MOST_COHORTS))
        else:
            st.caption(t("ltv.cohorts_few", count=SMALL))
        table, keys = _table(curves, answer.currency), [_key(on) for on, _ in curves]
        of = addresses.opened(PLACES.of, keys)
        opening.show(
            table, f"ltv_cohort_rows_{abs(hash((answer.key, margin_percent, of)))}", keys, places=PLACES, of=of, alt=t("ltv.cohorts"),
            config=columns.right(*table.columns[1:]),
        )  # fmt: skip
        st.html(_opened(curves, of))


def _key(on: date) -> str:
    return f"{on:%Y-%m}"


def _opened(curves: Sequence[tuple[date, Sequence[Row]]], of: str | None) -> str:
    """The way to the people of the month that is open, or what opens one."""
    found = next(((on, rows[0]["customers"]) for on, rows in curves if _key(on) == of), None)
    if found is None:
        return heading.line(t("ltv.open_cohort"))
    words = t("ltv.way_cohort", month=i18n.month(found[0]), count=i18n.number(found[1]))
    return f'<div class="ways">{"".join(behind.way(behind.link(), f"{WHO}{of}", words, found[1]))}</div>'


def behind_row(asked: Asked, text: str) -> Behind | None:
    """Who began in the month that an address names."""
    answer = ltv.cohorts(asked.filters)
    rows = () if answer is None else answer.rows()
    row = next((one for one in rows if f"{WHO}{_key(one['cohort_on'])}" == text), None)
    if row is None:
        return None
    on, figure = row["cohort_on"], int(row["customers"])
    title = t("ltv.who_cohort", month=i18n.month(on))
    return Behind(title, t("ltv.means_began"), lambda: ltv.cohort_people(asked.filters, on, figure))


def curved(rows: Sequence[Row], margin_percent: int) -> list[tuple[date, list[Row]]]:
    """Rows of each cohort, with ``value_minor`` per customer: net revenue, or the margin that somebody said it leaves."""
    share = margin_percent / 100 or 1.0
    found = []
    for on, some in groupby(rows, key=lambda row: row["cohort_on"]):
        found.append((on, [dict(row) | {"value_minor": _times(row["net_minor_per_customer"], share)} for row in some]))
    return found


def _times(value: float | None, share: float) -> float | None:
    return None if value is None else value * share


def mean(curves: Sequence[tuple[date, Sequence[Row]]]) -> list[tuple[int, float]]:
    """Per customer by age: each step is the mean of the cohorts that have lived through it, so that no part stands against a whole."""
    found: list[tuple[int, float]] = []
    total = 0.0
    for age in range(1, max((len(rows) for _, rows in curves), default=0) + 1):
        living = [
            (rows[age - 1], rows[age - 2] if age > 1 else None)
            for _, rows in curves
            if len(rows) >= age and rows[age - 1]["is_mature"]
        ]
        people = sum(row["customers"] for row, _ in living)
        if not people:
            break
        total += (
            sum(
                (row["value_minor"] - (before["value_minor"] if before else 0)) * row["customers"]
                for row, before in living
            )
            / people
        )
        found.append((age, total))
    return found


def _table(curves: Sequence[tuple[date, Sequence[Row]]], currency: str) -> pd.DataFrame:
    longest = max(len(rows) for _, rows in curves)
    ages = [age for age in AGES if age <= longest]
    table: dict[str, list[str]] = {
        t("ltv.cohort"): [i18n.month(on) for on, _ in curves],
        t("ltv.cohort_customers"): [i18n.number(rows[0]["customers"]) for _, rows in curves],
    }
    for age in ages:
        title = t("ltv.age", days=i18n.number(age * AGE_DAYS))
        table[title] = [_cell(rows[age - 1] if len(rows) >= age else None, currency) for _, rows in curves]
    return pd.DataFrame(table)


def _cell(row: Mapping[str, object] | None, currency: str) -> str:
    if row is None:
        return ""
    value: float | None = row["value_minor"]  # type: ignore[assignment]
    words = i18n.money(value, currency)
    return words if value is None or row["is_mature"] else t("ltv.cell_immature", value=words)
