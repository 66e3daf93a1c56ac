"""The fields of a rule: those alone that matter to its kind, in the reader's units; and the rule that they say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from babel.numbers import get_currency_precision

from dashboard import i18n
from dashboard.data import rules
from dashboard.data.rules import DETECTORS, INDICATORS, MOST_DAYS, OF_DAYS, OF_THE_SYSTEM, Rule, Rules
from dashboard.data.watched import FIELDS, UNITS, WEEK
from dashboard.i18n import t
from dashboard.widgets.risk import words

SHARES = ("relative", "baseline", "forecast")
"""Kinds whose limit is a share of what was expected."""
ONE_SIDED = ("unrest", "kmeans", "forest")
"""Kinds that know no direction."""
LEAST_SHARE = ("sudden", "drift", "unrest")
OF_PAST = ("relative", "sigma")
USUAL_LIMITS: Mapping[str, float] = {
    "threshold": 0.0, "relative": 0.2, "baseline": 0.2, "daily": 1.0, "quiet": 1.0, "sudden": 4.0, "drift": 4.0, "unrest": 4.0, "sigma": 3.0, "forecast": 0.2,
    "kmeans": 3.0, "forest": 3.0, "missing": 1.0, "failing": 0.0, "late": 2.0,
}  # fmt: skip
"""What a field of a limit begins with where another kind is chosen."""
BLANK = Rule("orders", "daily", 1.0, "below", quiet_days=10)
"""What a new rule begins as."""
DIGITS = 10


@dataclass(frozen=True)
class Fields:
    """Of one rule as it was when the fields were first drawn. ``prefix``: of their keys. ``known``: readings of the house, currency."""

    prefix: str
    was: Rule
    known: Rules

    def key(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def said(self, name: str, otherwise: Any) -> Any:
        return st.session_state.get(self.key(name), otherwise)

    def unit(self, indicator: str) -> str:
        return self.known.typed.get(indicator) or UNITS.get(indicator, "")

    def scale(self, detector: str, indicator: str) -> float:
        """What a limit is multiplied by to be told."""
        if detector in SHARES:
            return 100.0
        return self.of_unit(indicator) if detector == "threshold" else 1.0

    def of_unit(self, indicator: str) -> float:
        unit = self.unit(indicator)
        if unit == "money":
            return float(10 ** -get_currency_precision(self.known.currency))
        return 100.0 if unit == "share" else 1.0

    def sign_of(self, indicator: str) -> str:
        """Written behind the name of a field that tells a value of the indicator."""
        unit = self.unit(indicator)
        return {"share": "%", "money": self.known.currency}.get(unit, "")


def draft(fields: Fields) -> Rule:
    """The rule that the fields say now, also in a callback; what has no field for its kind is as usual. It may be one that cannot be."""
    was, said = fields.was, fields.said
    detector = said("detector", was.detector)
    is_same = detector == was.detector
    usual = was if is_same else Rule("", detector, USUAL_LIMITS[detector])
    own = {
        "name": " ".join(str(said("name", was.name)).split()),
        "owner": " ".join(str(said("owner", was.owner)).split()),
    }
    grave = {name: said(name, getattr(was, name)) for name in ("likelihood", "impact", "is_on")}
    if detector in OF_THE_SYSTEM:
        return replace(
            usual, indicator="", by="", limit=_limit(fields, detector, "", usual), is_inclusive=_is_inclusive(fields, detector, usual), **own, **grave
        )  # fmt: skip
    indicator = said("indicator", was.indicator or BLANK.indicator)
    limit = _limit(fields, detector, indicator, usual)
    weeks = said("weeks", None) if detector == "baseline" else None
    window = weeks * WEEK if weeks else said(f"window_{detector}", usual.window_days)
    return replace(
        usual, indicator=indicator, by="" if detector in OF_DAYS else said(f"by_{indicator}", was.by if indicator == was.indicator else ""), limit=limit,
        direction=_direction(fields, detector, usual), is_inclusive=_is_inclusive(fields, detector, usual), window_days=int(window),
        least_days=int(said("least_days", was.least_days)), quiet_days=int(said("quiet_days", was.quiet_days)), clear=_clear(fields, detector, indicator, usual),
        change=_change(fields, detector, indicator, usual), least_share=_least_share(fields, detector, usual), skips_holidays=said("skips_holidays", was.skips_holidays),
        others=tuple(said("others", was.others)) if detector in OF_DAYS else (), **own, **grave,
    )  # fmt: skip


def _number(told: float | None, scale: float, otherwise: float | None) -> float | None:
    """Without what a scale and back leaves of a decimal."""
    return otherwise if told is None else round(float(told) / scale, DIGITS)


def _limit(fields: Fields, detector: str, indicator: str, usual: Rule) -> float:
    if detector == "failing":
        return 0.0
    told = fields.said(_named("limit", fields, detector, indicator), None)
    found = _number(told, fields.scale(detector, indicator), usual.limit)
    assert found is not None
    return found


def _clear(fields: Fields, detector: str, indicator: str, usual: Rule) -> float | None:
    name = _named("clear", fields, detector, indicator)
    if not fields.said("has_clear", usual.clear is not None):
        return None
    return _number(fields.said(name, None), fields.scale(detector, indicator), usual.clear)


def _change(fields: Fields, detector: str, indicator: str, usual: Rule) -> float | None:
    if detector in OF_DAYS or not fields.said("has_change", usual.change is not None):
        return None
    told = fields.said(f"change_{fields.unit(indicator)}", None)
    return _number(told, fields.of_unit(indicator), usual.change if usual.change is not None else 0.0)


def _least_share(fields: Fields, detector: str, usual: Rule) -> float:
    if detector not in LEAST_SHARE:
        return 0.0
    return _number(fields.said("least_share", None), 100.0, usual.least_share) or 0.0


def _direction(fields: Fields, detector: str, usual: Rule) -> rules.Direction:
    if detector in ONE_SIDED:
        return "both"
    sides = _sides(detector)
    found: rules.Direction = fields.said(f"direction_{len(sides)}", usual.direction)
    return found if found in sides else sides[0]


def _is_inclusive(fields: Fields, detector: str, usual: Rule) -> bool:
    return detector not in ("failing", *words.DAILY) and bool(fields.said("is_inclusive", usual.is_inclusive))


def _sides(detector: str) -> tuple[rules.Direction, ...]:
    return ("above", "below") if detector == "threshold" else ("above", "below", "both")


def _named(name: str, fields: Fields, detector: str, indicator: str) -> str:
    """A field whose unit another kind or indicator changes is another field."""
    return f"{name}_{detector}_{fields.unit(indicator) if detector == 'threshold' else ''}"


# -- drawn -------------------------------------------------------------------------------------------------------------


Slots = dict[str, Any]
"""Where it is said why a field cannot be like this, by the field."""


def draw(fields: Fields, own: words.Names, *, with_name: bool) -> Slots:
    """Draw all fields of the kind that is chosen. ``own``: names of readings."""
    slots: Slots = {}
    if with_name:
        st.text_input(t("rules.field_name"), fields.was.name, key=fields.key("name"), max_chars=rules.LONGEST_NAME)
        _slot(slots, "name")
    detectors = [
        one for one in DETECTORS if with_name or (one in OF_THE_SYSTEM) == (fields.was.detector in OF_THE_SYSTEM)
    ]
    labels = {one: t(f"rules.kind_{one}") for one in detectors}
    left, right = st.columns(2)
    with left:
        detector = st.selectbox(
            t("rules.field_detector"), detectors, detectors.index(fields.was.detector), format_func=labels.get, key=fields.key("detector")
        )  # fmt: skip
        st.caption(t(f"rules.kind_{detector}_means"))
        _slot(slots, "detector", "threshold")
    indicator = ""
    if detector not in OF_THE_SYSTEM:
        with right:
            indicator = _indicator(fields, own)
            _slot(slots, "indicator")
            if detector not in OF_DAYS:
                _by(fields, indicator)
                _slot(slots, "by")
        if detector in OF_DAYS:
            _others(fields, indicator, own)
            _slot(slots, "others")
    _limits(fields, detector, indicator, slots)
    if detector not in OF_THE_SYSTEM:
        _lasting(fields, detector, indicator, slots)
    _grave(fields, slots)
    return slots


def _slot(slots: Slots, *names: str) -> None:
    place = st.empty()
    for name in names:
        slots[name] = place


def _indicator(fields: Fields, own: words.Names) -> str:
    names = [name for field in FIELDS for name, one in INDICATORS.items() if one.field == field]
    names += [name for name in fields.known.typed if name not in names]
    was = fields.was.indicator or BLANK.indicator
    names += [was] if was not in names else []
    labels = {name: _indicator_label(name, own) for name in names}
    found: str = st.selectbox(
        t("rules.field_indicator"), names, names.index(was), format_func=labels.get, key=fields.key("indicator")
    )
    return found


def _indicator_label(name: str, own: words.Names) -> str:
    one = INDICATORS.get(name)
    return i18n.aside(words.indicator(name, own), t("rules.typed") if one is None else t(f"watched.field_{one.field}"))


def _by(fields: Fields, indicator: str) -> None:
    bys = rules.bys(indicator)
    labels = {one: t(f"rules.by_{one or 'house'}") for one in bys}
    was = fields.was.by if fields.was.by in bys and indicator == fields.was.indicator else ""
    st.selectbox(t("rules.field_by"), bys, bys.index(was), format_func=labels.get, key=fields.key(f"by_{indicator}"))


def _others(fields: Fields, indicator: str, own: words.Names) -> None:
    names = [name for name in (*INDICATORS, *fields.known.typed) if name != indicator]
    labels = {name: words.indicator(name, own) for name in names}
    st.multiselect(
        t("rules.field_others"), names, [one for one in fields.was.others if one in names], format_func=labels.get, key=fields.key("others"),
        placeholder=t("rules.none_chosen"),
    )  # fmt: skip


def _limits(fields: Fields, detector: str, indicator: str, slots: Slots) -> None:
    """Direction, sign and limit side by side."""
    if detector == "failing":
        return
    was = fields.was if detector == fields.was.detector else None
    columns = st.columns(3)
    if detector not in ONE_SIDED and detector not in OF_THE_SYSTEM:
        sides = _sides(detector)
        at = sides.index(was.direction) if was and was.direction in sides else 0
        labels = {one: t(f"rules.side_{one}") for one in sides}
        columns[0].selectbox(
            t("rules.field_direction"), sides, at, format_func=labels.get, key=fields.key(f"direction_{len(sides)}"),
            help=t("rules.direction_daily") if detector in words.DAILY else None,
        )  # fmt: skip
    if detector not in words.DAILY:
        is_below = detector == "threshold" and fields.said("direction_2", was.direction if was else "above") == "below"
        signs = {False: "<" if is_below else ">", True: "≤" if is_below else "≥"}
        columns[1].selectbox(
            t("rules.field_sign"), [False, True], int(bool(was and was.is_inclusive)), format_func=signs.get, key=fields.key("is_inclusive")
        )  # fmt: skip
    with columns[2]:
        limit = was.limit if was else USUAL_LIMITS[detector]
        _amount(fields, "limit", t("rules.field_limit"), limit, detector, indicator)
        _slot(slots, "limit", "direction")


def _amount(fields: Fields, name: str, title: str, value: float | None, detector: str, indicator: str) -> None:
    """A limit in the reader's unit."""
    scale = fields.scale(detector, indicator)
    sign = (
        "%"
        if scale == 100.0
        else (fields.sign_of(indicator) if detector == "threshold" else t(f"rules.unit_{detector}"))
    )
    shown = 0.0 if value is None else round(value * scale, DIGITS)
    st.number_input(
        i18n.aside(title, sign) if sign else title, value=float(shown), step=0.1 if shown % 1 else 1.0, format="%.10g", key=fields.key(_named(name, fields, detector, indicator)),
    )  # fmt: skip


def _lasting(fields: Fields, detector: str, indicator: str, slots: Slots) -> None:
    """How long it must last, what it is held against, and when it is over."""
    was = fields.was
    columns = st.columns(3)
    with columns[0]:
        st.number_input(
            t("rules.field_least_days"),
            1,
            MOST_DAYS,
            was.least_days,
            key=fields.key("least_days"),
            help=t("rules.help_least_days"),
        )
        _slot(slots, "least_days")
    with columns[1]:
        st.number_input(
            t("rules.field_quiet_days"),
            0,
            MOST_DAYS,
            was.quiet_days,
            key=fields.key("quiet_days"),
            help=t("rules.help_quiet_days"),
        )
        _slot(slots, "quiet_days")
    with columns[2]:
        _window(fields, detector)
        _slot(slots, "window_days")
    more = st.columns(3)
    with more[0]:
        has_clear = st.checkbox(
            t("rules.field_has_clear"), was.clear is not None, key=fields.key("has_clear"), help=t("rules.help_clear")
        )
        if has_clear:
            value = was.clear if was.clear is not None else draft(fields).limit
            _amount(fields, "clear", t("rules.field_clear"), value, detector, indicator)
        _slot(slots, "clear")
    with more[1]:
        if detector not in OF_DAYS:
            _changed(fields, indicator)
        _slot(slots, "change")
    with more[2]:
        st.checkbox(
            t("rules.field_holidays"),
            was.skips_holidays,
            key=fields.key("skips_holidays"),
            help=t("rules.help_holidays"),
        )
        if detector in LEAST_SHARE:
            st.number_input(
                i18n.aside(t("rules.field_least_share"), "%"), 0.0, 99.0, round(was.least_share * 100, DIGITS), step=1.0, key=fields.key("least_share"), help=t("rules.help_least_share")
            )  # fmt: skip
        _slot(slots, "least_share")


def _window(fields: Fields, detector: str) -> None:
    was = fields.was
    if detector == "baseline":
        weeks = was.window_days // WEEK if was.window_days % WEEK == 0 else 4
        st.number_input(t("rules.field_weeks"), 1, MOST_DAYS // WEEK, max(weeks, 1), key=fields.key("weeks"))
    elif detector in OF_PAST or fields.said("has_change", was.change is not None):
        st.number_input(
            t("rules.field_window"),
            1,
            MOST_DAYS,
            was.window_days,
            key=fields.key(f"window_{detector}"),
            help=t("rules.help_window"),
        )


def _changed(fields: Fields, indicator: str) -> None:
    was = fields.was
    if not st.checkbox(
        t("rules.field_has_change"), was.change is not None, key=fields.key("has_change"), help=t("rules.help_change")
    ):
        return
    unit, scale = fields.unit(indicator), fields.of_unit(indicator)
    sign = t("rules.unit_points") if unit == "share" else fields.sign_of(indicator)
    title = t("rules.field_change")
    shown = round((was.change or 0.0) * scale, DIGITS)
    st.number_input(
        i18n.aside(title, sign) if sign else title, value=float(shown), format="%.10g", key=fields.key(f"change_{unit}")
    )


def _grave(fields: Fields, slots: Slots) -> None:
    was, columns = fields.was, st.columns(3)
    for column, name in zip(columns, ("likelihood", "impact"), strict=False):
        labels = {step: f"{step} · {t(f'risk.{name}_{step}')}" for step in range(1, 6)}
        with column:
            st.selectbox(
                t(f"risk.{name}"), list(labels), getattr(was, name) - 1, format_func=labels.get, key=fields.key(name)
            )
            _slot(slots, name)
    columns[2].text_input(
        t("rules.field_owner"), was.owner, key=fields.key("owner"), max_chars=60, help=t("rules.help_owner")
    )
    st.toggle(t("rules.field_on"), was.is_on, key=fields.key("is_on"))
