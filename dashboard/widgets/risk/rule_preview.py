"""Before a rule is kept: what it would have raised in the last 180 days, each of them, and where on the line they lie."""

from collections import Counter
from collections.abc import Mapping
from html import escape

import streamlit as st

from dashboard import charts, i18n
from dashboard.data import rules
from dashboard.data.rules import OF_THE_SYSTEM, PREVIEW_DAYS, Finding, InvalidRule, Preview, Refusal, Rule, Where
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.risk import rows, rule_chart, words
from dashboard.widgets.risk.rows import Column
from dashboard.widgets.risk.rule_fields import Fields, Slots

MOST_ROWS = 50
KINDS = ("figure", "missing", "failing", "late")


def show(fields: Fields, rule: Rule, own: words.Names, slots: Slots) -> bool:
    """Whether the rule can be kept. Why it cannot is said at its field."""
    with st.container(border=True, key="card_rule_preview"):
        try:
            with st.spinner(t("rules.previewing")):
                found = rules.preview(rule)
        except InvalidRule as refusal:
            _refused(refusal, slots)
            return False
        except Refusal as refusal:
            st.error(i18n.refusal(refusal))
            return False
        lead = words.sentence(rule, fields.known.currency, own)
        st.html(heading.section(_count(found, rule), lead, "rule-preview"))
        if not found.lines and not found.failed and rule.detector not in OF_THE_SYSTEM:
            st.warning(t("rules.no_data", indicator=words.indicator(rule.indicator, own)))
        for one in found.failed:
            st.error(t("rules.cannot_read", indicator=words.indicator(one.indicator, own), code=one.code))
        if found.true or found.false:
            st.caption(t("rules.preview_judged", true=found.true, false=found.false))
        if rule.detector not in OF_THE_SYSTEM and (found.found or not rule.by):
            _picture(fields, rule, found, own)
        if found.found:
            _table(fields, found, own)
    return True


def _count(found: Preview, rule: Rule) -> str:
    if rule.detector in OF_THE_SYSTEM:
        return t("rules.preview_now", count=len(found.found))
    return t("rules.preview_count", count=len(found.found), days=PREVIEW_DAYS)


def wrong(refusal: InvalidRule) -> str:
    """Why a rule cannot be like this."""
    key = f"rules.wrong_{refusal.details.get('field')}"
    return t(key) if i18n.has(key) else i18n.refusal(refusal)


def _refused(refusal: InvalidRule, slots: Slots) -> None:
    place = slots.get(str(refusal.details.get("field")))
    (st if place is None else place).error(wrong(refusal))
    st.html(heading.section(t("rules.preview"), t("rules.preview_not"), "rule-preview"))


def _picture(fields: Fields, rule: Rule, found: Preview, own: words.Names) -> None:
    counted = Counter(one.place for one in found.found)
    places: Mapping[str, Where] = {f"{one.by}|{one.key}": one for one, _ in counted.most_common()}
    places = places or {"|": Where()}
    chosen = next(iter(places))
    if len(places) > 1:
        labels = {
            key: i18n.aside(words.place(one.by, one.key, one.name), t("rules.times", count=counted[one]))
            for key, one in places.items()
        }
        chosen = st.selectbox(t("rules.place"), list(places), format_func=labels.get, key=fields.key("place"))
    course = rules.course(rule, places[chosen])
    if course is None:
        return
    here = [one for one in found.found if one.place == places[chosen]]
    told = fields.unit(rule.indicator)

    def figure(value: float | int | None) -> str:
        return words.figure(value, told, fields.known.currency)

    called = words.indicator(rule.indicator, own)
    key = f"{course.key}|{rule.to_json()}|{len(here)}"
    charts.show(
        "rule_preview",
        key,
        lambda: rule_chart.picture(course, here, rule, called, figure),
        alt=t("rules.picture_alt", name=called, count=len(here)),
    )


def _table(fields: Fields, found: Preview, own: words.Names) -> None:
    names = ("place", "since", "until", "days", "value", "expected", "limit")
    kinds = {
        "since": "short",
        "until": "short",
        "days": "number",
        "value": "number",
        "expected": "number",
        "limit": "number",
    }
    columns = [Column(t(f"rules.found_{name}"), kinds.get(name, "")) for name in names]
    newest = list(reversed(found.found))
    st.html(
        rows.table("rule-found", t("rules.preview"), columns, [_row(fields, one, own) for one in newest[:MOST_ROWS]])
    )
    if len(newest) > MOST_ROWS:
        st.caption(t("rules.rows", shown=MOST_ROWS, count=len(newest)))


def _row(fields: Fields, one: Finding, own: words.Names) -> list[str]:
    place = words.place(one.place.by, one.place.key, one.place.name)
    if one.kind == "failing":
        place = words.indicator(one.indicator, own)
    until = t("rules.still") if one.is_open else i18n.day(one.last_on)
    cells = [figure(fields, one, value) for value in (one.value, one.expected, one.limit)]
    days = i18n.number((one.last_on - one.started_on).days + 1)
    return [escape(place), escape(i18n.day(one.started_on)), escape(until), days, *map(escape, cells)]


def figure(fields: Fields, one: Finding, value: float | None) -> str:
    """A value of what was found; days of what the data lacks."""
    if value is None:
        return UNDEFINED
    if one.kind != "figure":
        return t("rules.days", count=i18n.number(value, 0 if float(value).is_integer() else 1))
    return words.figure(value, one.unit or fields.unit(one.indicator), fields.known.currency)
