"""Whom to call back first: members with a known cause, those with most at stake first, and the same as a file."""

from datetime import date

import pandas as pd
import streamlit as st

from dashboard import i18n
from dashboard.actions import exports, guard
from dashboard.data import causes
from dashboard.data.causes import ALL, ANSWERED_DAYS, Answer, Board
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import columns, heading, people, tables
from dashboard.widgets.scores import causes_words as told

ROWS = 50


def show(answer: Answer[Board], cause: str) -> None:
    """``cause``: one, or all."""
    st.html(heading.section(t("causes.calls"), t("causes.calls_lead", days=ANSWERED_DAYS), "calls"))
    if not guard.may("people.see"):
        st.html(heading.line(t("funnel.people_forbidden")))
        return
    rows = causes.calls(answer, cause)
    if not len(rows):
        st.html(heading.line(t("causes.calls_nobody")))
        return
    st.markdown(f"**{t('people.count', count=i18n.number(len(rows)))}**")
    pages = -(-len(rows) // ROWS)
    page = st.pagination(pages, key=f"calls_page_{cause}") if pages > 1 else 1
    shown = rows.iloc[(page - 1) * ROWS : page * ROWS]
    titles = _titles(answer)
    written = tables.written("calls", f"{answer.key}|{cause}", lambda: _written(answer, rows)).to_pandas()
    table = written.iloc[(page - 1) * ROWS : page * ROWS].copy()
    table.insert(0, t("people.member"), causes.links(shown["member_id"]))
    config = (
        columns.right(*(titles[name] for name in ("chance", "worth_minor", "at_stake_minor") if name in titles))
        | people.column()
    )
    with tables.of_people("calls"):
        st.dataframe(
            table.rename(columns=titles), hide_index=True, column_config=config, key="calls_table",
            alt=t("causes.calls"),
        )  # fmt: skip
    if pages > 1:
        last = min(page * ROWS, len(rows))
        first, count = i18n.number((page - 1) * ROWS + 1), i18n.number(len(rows))
        st.caption(t("people.rows", first=first, last=i18n.number(last), count=count))
    _exports(answer, rows, written, cause, titles)


def _titles(answer: Answer[Board]) -> dict[str, str]:
    """Columns beside the member, without what cannot be told."""
    names = ["key", "evidence", "chance", "worth_minor", "at_stake_minor", "last_contact_on", "channel"]
    left_out = [] if answer.found.is_worth_told else ["worth_minor", "at_stake_minor"]
    left_out += [] if answer.found.asked is not None else ["chance"]
    return {name: t(f"causes.column_{name}") for name in names if name not in left_out}


def _written(answer: Answer[Board], rows: pd.DataFrame) -> dict[str, list[str]]:
    def amounts(name: str) -> list[str]:
        return [i18n.money(one, answer.currency, digits=0) for one in rows[name].tolist()]

    found = {
        "key": [t(f"causes.{one}") for one in rows["key"]],
        "evidence": [
            told.evidence(figure, value, usual, topic if isinstance(topic, str) else None)
            for figure, value, usual, topic in zip(rows["figure"], rows["value"], rows["usual"], rows["topic"], strict=True)
        ],
        "chance": [UNDEFINED if pd.isna(one) else i18n.share(one, 0) for one in rows["chance"].tolist()],
        "worth_minor": amounts("worth_minor"),
        "at_stake_minor": amounts("at_stake_minor"),
        "last_contact_on": [_day(one) for one in rows["last_contact_on"].tolist()],
        "channel": [t(f"channel.{one}") if isinstance(one, str) else UNDEFINED for one in rows["channel"].tolist()],
    }  # fmt: skip
    return {name: found[name] for name in _titles(answer)}


def _day(on: object) -> str:
    if on is None or pd.isna(on):  # type: ignore[call-overload]
        return UNDEFINED
    return i18n.day(on.date() if isinstance(on, pd.Timestamp) else on if isinstance(on, date) else None)


def _exports(
    answer: Answer[Board], rows: pd.DataFrame, written: pd.DataFrame, cause: str, titles: dict[str, str]
) -> None:
    """All of them. What is written is written before: a click on the file knows no language."""
    if not guard.may("people.export"):
        return
    name = t("causes.calls") if cause == ALL else f"{t('causes.calls')} {t(f'causes.{cause}')}"
    details = {"kind": "calls", "cause": cause, "on": answer.found.cutoff_on.isoformat()}
    whole = {"member": t("people.member"), "member_id": t("people.member_id")} | titles

    def table() -> pd.DataFrame:
        return causes.exported(answer, rows, written).rename(columns=whole)

    with st.container(horizontal=True, gap="small"):
        for file in ("csv", "xlsx"):
            st.download_button(
                t(f"people.export_{file}", count=i18n.number(len(rows))), data=exports.deferred(table, name, file, details),
                file_name=f"siyu-calls-{answer.found.cutoff_on.isoformat()}.{file}", mime=exports.MIME[file], icon=":material/download:",
                key=f"calls_export_{file}", on_click="ignore",
            )  # fmt: skip
