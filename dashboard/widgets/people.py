"""The people behind a figure: a table of short names, a count that reconciles, export, and saving as a segment."""

from html import escape

import pandas as pd
import streamlit as st

from core.errors import Refusal
from dashboard import addresses, i18n, markdown
from dashboard.actions import exports, guard, segments
from dashboard.data import people
from dashboard.data.people import People
from dashboard.i18n import t
from dashboard.widgets import columns
from dashboard.widgets.campaigns import words
from dashboard.widgets.tiles import Way

ROWS = 50
"""People on one page of the table; an export holds them all."""
NAME = r"#(M-\w+)$"
"""Where the address of somebody's page has the short name, which is shown."""


def column(title: str = "", *, is_pinned: bool = False) -> dict[str, object]:
    """How a table shows its column of members, which holds ``data.people.links``: by short names that open their pages."""
    link = st.column_config.LinkColumn(display_text=NAME, help=t("people.member_help"), pinned=is_pinned or None)
    return {title or t("people.member"): link}


def link(member_id: int) -> str:
    """The same in a text."""
    return f'<p><a href="{people.address(member_id)}">{escape(t("people.open_file"))}</a></p>'


def show(found: People, title: str, filters: str) -> None:
    """``title``: who they are in words; ``filters``: what they were cut to."""
    guard.require("people.see")
    with st.container(key="people_panel", gap="small"):
        st.markdown(f"**{t('people.count', count=i18n.number(found.count))}** {markdown.escaped(_reconciled(found))}")
        if found.count:
            _table(found)
            _exports(found, title)
            _saving(found, f"{title}{t('number.then')}{filters}")


def _reconciled(found: People) -> str:
    """How the list and the figure hang together."""
    if found.how in ("members", "repeating", "depth", "stock_end", "stock_start"):
        return t("people.equals") if found.count == found.figure else _missing(found, found.count)
    if found.how == "median":
        return t("people.median")
    total = _value(found, found.total)
    words = t(f"people.total_{'days' if found.how == 'member_days' else found.how}", total=total)
    return words if found.total == found.figure else f"{words} {_missing(found, found.total)}"


def _missing(found: People, known: float | int | None) -> str:
    rest = (found.figure or 0) - (known or 0)
    return t("people.rest", figure=_value(found, found.figure), rest=_value(found, rest))


def _value(found: People, value: float | int | None) -> str:
    return i18n.money(value, found.currency) if found.unit == "money" else i18n.number(value)


def _table(found: People) -> None:
    pages = -(-found.count // ROWS)
    page = st.pagination(pages, key=f"page_{abs(hash(found.key))}") if pages > 1 else 1
    rows = found.frame.iloc[(page - 1) * ROWS : page * ROWS]
    config = columns.right(t(f"people.value_{found.unit}")) | column()
    st.dataframe(_shown(found, rows), hide_index=True, column_config=config, alt=t("people.table"))
    if pages > 1:
        last = min(page * ROWS, found.count)
        st.caption(
            t(
                "people.rows",
                first=i18n.number((page - 1) * ROWS + 1),
                last=i18n.number(last),
                count=i18n.number(found.count),
            )
        )


def _shown(found: People, rows: pd.DataFrame) -> pd.DataFrame:
    table = {t("people.member"): people.links(rows["member_id"])}
    if found.is_plain:
        return pd.DataFrame(table)
    table[t(f"people.value_{found.unit}")] = [_value(found, value) for value in rows["value"].tolist()]
    if "entry_at" in rows:
        table[t("people.entry_at")] = [i18n.moment(at, people.zone()) for at in rows["entry_at"].dt.to_pydatetime()]
    return pd.DataFrame(table)


def _exports(found: People, title: str) -> None:
    """Buttons for those who may take people out of the house."""
    if not guard.may("people.export"):
        return
    file_name = people.file_name(found)
    columns = (t("people.member"), t("people.member_id"), t(f"people.value_{found.unit}"))
    with st.container(horizontal=True, gap="small"):
        for file in ("csv", "xlsx"):
            st.download_button(
                t(f"people.export_{file}", count=i18n.number(found.count)),
                data=exports.deferred(lambda: people.table(found, columns), title, file, found.definition),
                file_name=f"{file_name}.{file}",
                mime=exports.MIME[file],
                icon=":material/download:",
                key=f"export_{file}",
                on_click="ignore",
            )


def _saving(found: People, sentence: str) -> None:
    if not guard.may("segment.write"):
        return
    with st.form("save_segment", border=False), st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.text_input(
            t("people.segment_name"), max_chars=segments.LONGEST_NAME, placeholder=t("people.segment_hint")
        )
        is_sent = st.form_submit_button(t("people.save_segment"), icon=":material/group_add:")
    st.caption(t("people.segment_meaning", sentence=markdown.escaped(sentence)))
    if is_sent:
        try:
            told = found.definition | {"language": i18n.language()}
            number = segments.save(name, sentence, found.member_ids, told, found.version)
        except Refusal as error:
            st.error(markdown.escaped(i18n.refusal(error)))
        else:
            st.success(t("people.saved", name=markdown.escaped(" ".join(name.split())), count=i18n.number(found.count)))
            if guard.may("customers.see"):
                address = f"/segments?{addresses.only('world')}part=list&sg={number}"
                ways = Way(t("people.open_segment"), address, "box").html("open-segment")
                if guard.may("campaign.write"):
                    ways += Way(t("campaigns.to_campaign"), words.to_new(number), "box").html("to-campaign")
                st.html(f'<div class="ways">{ways}</div>')
