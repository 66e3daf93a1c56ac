"""Steps against a cause of churn: who does what, by what and by when; and the form in which a house writes its own."""

from collections.abc import Sequence
from html import escape

import pandas as pd
import streamlit as st

from core.errors import Refusal
from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.actions import playbooks as actions
from dashboard.data import causes
from dashboard.data.causes import ALL, BY, CAUSES, LONGEST, MOST_DAYS, MOST_STEPS, WHO, Step
from dashboard.i18n import t


def show(cause: str) -> None:
    """``cause``: one, or all."""
    steps, own = causes.steps()
    shown = CAUSES if cause == ALL else (cause,)
    st.html("".join(_steps(one, steps[one], is_own=one in own) for one in shown))
    if cause != ALL and actions.may():
        _writing(cause, steps[cause], is_own=cause in own)


def _steps(cause: str, steps: Sequence[Step], *, is_own: bool) -> str:
    items = "".join(
        f"<li>{escape(step.told[i18n.language()])}<small> · {escape(_aside(step))}</small></li>" for step in steps
    )
    whose = t("causes.own") if is_own else t("causes.usual")
    return f'<section id="playbook-{cause}"><h3>{escape(t(f"causes.{cause}"))} <small>{escape(whose)}</small></h3><ol>{items}</ol></section>'


def _aside(step: Step) -> str:
    within = t("causes.today") if not step.within_days else t("causes.within", days=step.within_days)
    return " · ".join((t(f"causes.who_{step.who}"), t(f"causes.by_{step.by}"), within))


def _writing(cause: str, steps: Sequence[Step], *, is_own: bool) -> None:
    box = st.popover(
        t("causes.write"), icon=":material/edit:", type="tertiary", key="playbook_write", on_change="rerun"
    )
    if not box.open:
        return
    who, by = ({one: t(f"causes.{of}_{one}") for one in names} for of, names in (("who", WHO), ("by", BY)))
    with box:
        st.caption(t("causes.write_help", most=MOST_STEPS, longest=LONGEST))
        with st.form("playbook_form", border=False):
            table = st.data_editor(
                _table(steps, who, by), num_rows="dynamic", hide_index=True, key=f"playbook_{cause}", column_config=_columns(who, by)
            )  # fmt: skip
            is_sent = st.form_submit_button(t("causes.save"), type="primary")
        if is_own:
            st.button(t("causes.usual_again"), key="playbook_usual", on_click=_usual, args=(cause,))
        if is_sent:
            _save(cause, table, who, by)


def _table(steps: Sequence[Step], who: dict[str, str], by: dict[str, str]) -> pd.DataFrame:
    rows = [(step.told[i18n.language()], who[step.who], by[step.by], step.within_days) for step in steps]
    return pd.DataFrame(rows, columns=["step", "who", "by", "days"])


def _columns(who: dict[str, str], by: dict[str, str]) -> dict[str, object]:
    return {
        "step": st.column_config.TextColumn(t("causes.column_step"), required=True, max_chars=LONGEST, width="medium"),
        "who": st.column_config.SelectboxColumn(
            t("causes.column_who"), options=list(who.values()), required=True, width="small"
        ),
        "by": st.column_config.SelectboxColumn(
            t("causes.column_by"), options=list(by.values()), required=True, width="small"
        ),
        "days": st.column_config.NumberColumn(
            t("causes.column_days"), min_value=0, max_value=MOST_DAYS, step=1, required=True
        ),
    }


def _save(cause: str, table: pd.DataFrame, who: dict[str, str], by: dict[str, str]) -> None:
    whose, ways = ({told: name for name, told in one.items()} for one in (who, by))
    filled = table.dropna(how="all")
    try:
        guard.require("scores.write")
        steps = [
            actions.written(
                str(row.step or ""),
                whose.get(row.who, ""),
                ways.get(row.by, ""),
                -1 if pd.isna(row.days) else int(row.days),
            )
            for row in filled.itertuples(index=False)
        ]
        actions.keep(cause, _unchanged(cause, steps))
    except Refusal as error:
        st.error(markdown.escaped(i18n.refusal(error)))
        return
    guard.note(t("causes.saved"))
    st.rerun()


def _unchanged(cause: str, steps: list[Step]) -> list[Step]:
    """A step that is as it was keeps its words in the other language."""
    before = causes.steps()[0][cause]
    known = {(one.told[i18n.language()], one.who, one.by, one.within_days): one for one in before}
    return [known.get((one.told[i18n.language()], one.who, one.by, one.within_days), one) for one in steps]


@guard.guarded("scores.write")
def _usual(cause: str) -> None:
    actions.keep(cause, None)
    guard.note(t("causes.saved_usual"))
