"""The number contract: what a figure means, what it was cut to, how new it is, and who stands behind it."""

import streamlit as st

from dashboard import addresses, i18n, markdown
from dashboard.actions import guard
from dashboard.data import overview, people
from dashboard.data.overview import Figure, Overview, Side
from dashboard.filters import Choices, Filters
from dashboard.i18n import t
from dashboard.widgets import people as panel
from dashboard.widgets import values

PARAMETER = "contract"
"""Where the address says whose contract is open."""


def open_asked(view: Overview, asked: Filters, choices: Choices) -> None:
    """Open the contract of the figure in the address over the page."""
    name = st.query_params.get(PARAMETER, "")
    figure = view.figures.get(name)
    if figure is None:
        if name:
            addresses.leave_out(PARAMETER, name)
        _close()
        return
    title = t(f"metric.{name}.title")
    st.dialog(title, width="large", icon=":material/function:", on_dismiss=_close)(_body)(figure, view, asked, choices)


def _close() -> None:
    st.query_params.pop(PARAMETER, None)


def _body(figure: Figure, view: Overview, asked: Filters, choices: Choices) -> None:
    guard.require("overview.see")
    name, metric = figure.metric.name, figure.metric
    with st.container(key="contract", gap="small"):
        st.metric(t("contract.exact"), values.exact(metric, figure.value, view.currency))
        if figure.is_small:
            st.warning(t("number.small_meaning", count=i18n.number(figure.count)), icon=":material/info:")
        st.markdown(t(f"metric.{name}.formula"))
        if metric.bottom is not None or metric.minus is not None:
            _parts(figure, view)
        rows = [
            (t("contract.period"), i18n.days(figure.period)),
            (t("contract.compared"), _compared(figure, view)),
            (t("contract.filters"), in_words(asked, choices)),
            (t("contract.as_of"), i18n.aside(i18n.moment(view.as_of, view.zone), view.zone)),
            (t("contract.version"), str(view.version)),
        ]
        st.markdown("\n".join(f"- **{label}** {markdown.escaped(words)}" for label, words in rows))
        with st.expander(t("contract.definition"), icon=":material/menu_book:"):
            st.text(f"{name}\n{metric.text}")
    _people(figure, asked, choices)


def _compared(figure: Figure, view: Overview) -> str:
    days = i18n.days(figure.compared)
    if figure.previous is None:
        return f"{days} · {t('number.no_comparison')}"
    change = values.change(figure)
    words = f"{days} · {values.exact(figure.metric, figure.previous, view.currency)}"
    return f"{words} · {change.text}" if change else words


def _parts(figure: Figure, view: Overview) -> None:
    """Numerator and denominator, with their values."""
    lines = []
    for side, value in figure.numbers:
        part = overview.part(figure.metric, side)
        lines.append(
            f"| {t(f'contract.{side}')} | {t(f'part.{part.name}')} | {_number(part.name, value, view.currency)} |"
        )
    head = f"| | {t('contract.part')} | {t('contract.value')} |\n|---|---|---:|"
    st.markdown("\n".join([head, *lines]))


def _number(part: str, value: float | int | None, currency: str) -> str:
    words = i18n.money(value, currency) if part in overview.MONEY_PARTS else i18n.number(value)
    return markdown.escaped(words)


def _people(figure: Figure, asked: Filters, choices: Choices) -> None:
    """The list of people, asked for only when somebody wants it."""
    if not guard.may("people.see"):
        return
    sides = [side for side in overview.sides(figure.metric) if overview.has_people(figure.metric, side)]
    if not sides:
        st.caption(t("people.none_known"))
        return
    if not st.toggle(t("people.show"), key=f"people_{figure.metric.name}"):
        return
    side: Side = sides[0]
    if len(sides) > 1:
        labels = {one: t(f"part.{overview.part(figure.metric, one).name}") for one in sides}
        side = st.segmented_control(
            t("people.side"), sides, format_func=labels.get, required=True, default=sides[0],
            key=f"side_{figure.metric.name}", label_visibility="collapsed",
        ) or sides[0]  # fmt: skip
    title = t(f"part.{overview.part(figure.metric, side).name}")
    panel.show(people.behind(asked, figure.metric.name, side), title, in_words(asked, choices, with_period=True))


def in_words(asked: Filters, choices: Choices, *, with_period: bool = False, days: str | None = None) -> str:
    """The filters as a sentence; "everything" when nothing is chosen. ``days``: those looked at, in words, where they are not
    the chosen ones."""
    words = [days] if days else [i18n.days(asked.period)] if with_period else []
    if asked.channels:
        words.append(t("contract.channels", names=t("number.and").join(t(f"channel.{c}") for c in asked.channels)))
    if asked.units:
        names = t("number.and").join(choices.units.get(unit, unit) for unit in asked.units)
        words.append(t("contract.units", names=names))
    if asked.segment is not None:
        words.append(t("contract.segment", name=choices.segments.get(asked.segment, str(asked.segment))))
    return t("number.then").join(words) or t("contract.no_filters")
