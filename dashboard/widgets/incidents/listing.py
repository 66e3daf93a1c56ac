"""The list of incidents, its figures, and opening one by hand."""

from functools import partial
from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.actions import incidents as actions
from dashboard.data import incidents
from dashboard.data.incidents import Case, Looked
from dashboard.i18n import t
from dashboard.widgets import choice, heading, tiles
from dashboard.widgets.choice import Choice
from dashboard.widgets.incidents import hours, words
from dashboard.widgets.tiles import Tile

WHICH, SEVERITY = "inc_show", "inc_severity"
"""Where the address says which incidents are listed."""
SHOWN = ("open", "mine", "tasks", "late", "closed")
MOST = 200
NEW = "inc_new"


def show() -> None:
    which = choice.read(WHICH, SHOWN)
    severity = choice.read(SEVERITY, ("all", *reversed(incidents.SEVERITIES)))
    found = incidents.looked(which, severity)
    st.html(_figures(found))
    with st.container(border=True, key="card_incidents"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="incidents_head"):
            st.html(heading.section(t("incidents.list"), t("incidents.list_lead"), "incidents"))
            if actions.may():
                _opening()
        labels = {
            one: t("incidents.show_count", name=t(f"incidents.show_{one}"), count=count)
            if (count := _count(found, one)) is not None
            else t(f"incidents.show_{one}")
            for one in SHOWN
        }
        severities = {"all": t("incidents.severity_all")} | {
            one: words.severity(one) for one in reversed(incidents.SEVERITIES)
        }
        st.html(
            choice.fields(
                (
                    Choice(WHICH, t("incidents.show"), labels, which),
                    Choice(SEVERITY, t("incidents.severity"), severities, severity),
                ),
                addresses.beside(WHICH, SEVERITY, words.OF) + _kept(which, severity),
            )
        )
        st.html(_table(found.cases) if found.cases else heading.line(t(f"incidents.none_{which}")))
    hours.show()


def _kept(which: str, severity: str) -> str:
    return f"{WHICH}={which}&{SEVERITY}={severity}&"


def _count(found: Looked, which: str) -> int | None:
    """How many there are; the closed ones are not counted, for there are ever more."""
    return {"open": found.counts.open, "mine": found.counts.mine, "late": found.counts.late}.get(which)


def _figures(found: Looked) -> str:
    counts, paces = found.counts, found.paces
    marks = "".join(
        words.mark(one if count else "plain", t("incidents.severity_count", name=words.severity(one), count=count))
        for one, count in counts.by_severity
    )
    told = [
        Tile("open", t("incidents.figure_open"), i18n.number(counts.open), below=f'<p class="marks">{marks}</p>'),
        Tile("late", t("incidents.figure_late"), i18n.number(counts.late), below=tiles.lines(t("incidents.unowned", count=counts.unowned))),
        Tile(
            "tasks", t("incidents.figure_tasks"), i18n.number(counts.my_tasks), below=tiles.lines(t("incidents.late_tasks", count=counts.late_tasks)),
        ),
    ]  # fmt: skip
    for name, pace in (("assessed", paces.assessed), ("responded", paces.responded), ("closed", paces.closed)):
        told.append(
            Tile(
                name,
                t(f"incidents.figure_{name}"),
                words.hours(pace.hours),
                t("number.only", count=pace.count),
                t("incidents.pace_means", days=incidents.PACE_DAYS, step=t(f"incidents.pace_{name}")),
            )
        )
    return tiles.wall(told, 165)


# -- the list ----------------------------------------------------------------------------------------------------------


def _table(cases: tuple[Case, ...]) -> str:
    titles = [t(f"incidents.column_{one}") for one in ("severity", "title", "state", "owner", "due")]
    others = addresses.beside(words.OF)
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in titles)
    rows = "".join(_row(one, titles, others) for one in cases[:MOST])
    more = heading.line(t("incidents.shown", shown=MOST, count=len(cases))) if len(cases) > MOST else ""
    return f'<table class="told cases"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _row(case: Case, titles: list[str], others: str) -> str:
    link = f'<a href="?{escape(others)}{words.OF}={case.id}">{escape(case.title)}</a>'
    beside = [t("incidents.number", number=case.id), words.places(case)]
    if case.warning_count:
        beside.append(t("incidents.warnings_count", count=case.warning_count))
    if case.state == "closed":
        due = f"<span>{escape(words.moment(case.closed_at))}</span>"
    else:
        kind = ' class="late"' if case.is_late else ""
        due = f"<span{kind}>{escape(words.due(case))}</span><small>{escape(words.moment(case.due_at))}</small>"
        if case.level:
            due += f"<small>{escape(t('incidents.level', level=case.level))}</small>"
    cells = [
        words.mark(case.severity, words.severity(case.severity)),
        f"{link}<small>{escape(t('number.then').join(beside))}</small>",
        escape(words.state(case.state)),
        escape(case.owner or t("incidents.nobody")),
        due,
    ]
    return (
        "<tr>" + "".join(f'<td data-name="{escape(n)}">{c}</td>' for n, c in zip(titles, cells, strict=True)) + "</tr>"
    )


# -- by hand -----------------------------------------------------------------------------------------------------------


def _opening() -> None:
    box = st.popover(t("incidents.open"), icon=":material/add_alert:", key=NEW, on_change="rerun")
    if not box.open:
        return
    known = incidents.places()
    kinds = [one for one in ("", "channel", "unit", "group") if _can(one)]
    with box:
        st.caption(t("incidents.open_lead"))
        st.text_input(t("incidents.title_label"), max_chars=incidents.LONGEST_TITLE, key=f"{NEW}_title")
        st.text_area(t("incidents.what"), max_chars=incidents.LONGEST, key=f"{NEW}_note", help=t("incidents.what_help"))
        by_words = {one: t(f"incidents.by_{one or 'house'}") for one in kinds}
        kind = st.radio(t("incidents.where"), kinds, format_func=by_words.__getitem__, key=f"{NEW}_by", horizontal=True)
        if kind == "channel":
            named = {one: words.place("channel", one, one) for one in incidents.CHANNELS}
        else:
            named = dict(known.units if kind == "unit" else known.groups)
        if kind:
            st.multiselect(by_words[kind], list(named), format_func=named.__getitem__, key=f"{NEW}_keys_{kind}")
        left, right = st.columns(2)
        fields = {one: t(f"incidents.field_{one}") for one in (incidents.GENERAL, *incidents.FIELDS)}
        left.selectbox(
            t("incidents.field"),
            list(fields),
            format_func=fields.__getitem__,
            key=f"{NEW}_field",
            help=t("incidents.field_help"),
        )
        right.date_input(
            t("incidents.since"), incidents.today(), max_value=incidents.today(), key=f"{NEW}_on", format="YYYY-MM-DD"
        )
        severities = {"": t("incidents.severity_rule")} | {one: words.severity(one) for one in incidents.SEVERITIES}
        st.selectbox(
            t("incidents.severity"),
            list(severities),
            format_func=severities.__getitem__,
            key=f"{NEW}_severity",
            help=t("incidents.severity_means"),
        )
        st.button(t("incidents.open_do"), type="primary", key=f"{NEW}_do", on_click=partial(_open, kind))


def _can(by: str) -> bool:
    known = incidents.places()
    return known.is_whole if by in ("", "channel") else bool(known.units if by == "unit" else known.groups)


@guard.guarded(actions.WRITE)
def _open(by: str) -> None:
    told = st.session_state
    title = str(told[f"{NEW}_title"])
    number = actions.open_by_hand(
        title,
        str(told[f"{NEW}_note"]),
        places=[(by, key) for key in told[f"{NEW}_keys_{by}"]] if by else [("", "")],
        field=told[f"{NEW}_field"],
        first_on=told[f"{NEW}_on"],
        severity=told[f"{NEW}_severity"] or None,
    )
    for key in [one for one in told if str(one).startswith(f"{NEW}_")]:
        del told[key]
    told[NEW] = False
    st.query_params[words.OF] = str(number)
    guard.note(t("incidents.opened", number=number, title=" ".join(title.split())))
