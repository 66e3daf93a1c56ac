"""LTV: what members will bring, who they are, by the channel they came through and the month they began, and whether to believe it."""

from collections.abc import Sequence
from html import escape

import streamlit as st
from babel.numbers import get_currency_precision

from dashboard import addresses, charts, i18n
from dashboard.data import ltv
from dashboard.data.ltv import HORIZONS, YEAR, Answer, Ltv, Problem, Row
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.parts import Asked
from dashboard.widgets.segments import links
from dashboard.widgets.tiles import Tile, Way
from dashboard.widgets.value import ltv_channels, ltv_chart, ltv_check, ltv_cohorts, ltv_words

DAYS = "ltv_days"
"""Where the address says how far ahead is looked."""
KEYS = (DAYS, ltv_channels.MARGIN, ltv_channels.PLACES.of, ltv_cohorts.PLACES.of)
OPTIONS = tuple(str(days) for days in (YEAR, *(days for days in HORIZONS[::-1] if days != YEAR)))
WIDTH, NARROW = 195, 150


def show(asked: Asked) -> None:
    asked = asked.over(t("told.whole_history", on=i18n.day(asked.known.as_of_on)))
    answer = ltv.lifetime(asked.filters)
    if answer is None:
        heading.empty(t("ltv.nobody"), t("ltv.nobody_lead"))
        return
    days = int(choice.read(DAYS, OPTIONS))
    with st.container(border=True, key="card_ltv"):
        _head(answer, asked)
        if answer.found.is_fit and answer.found.customers:
            _foreseen(answer, days, asked.filters)
        else:
            _refused(answer)
    margin = ltv_channels.show(asked)
    ltv_cohorts.show(asked, margin)
    if answer.found.held is not None:
        with st.container(border=True, key="card_ltv_check"):
            ltv_check.show(answer)
    behind.open_asked(
        lambda text: _behind(asked, answer, text) or ltv_channels.behind_row(asked, text) or ltv_cohorts.behind_row(asked, text),
        asked.in_words,
    )  # fmt: skip


def _head(answer: Answer[Ltv], asked: Asked) -> None:
    found = answer.found
    lead = t(
        "ltv.lead" if found.is_fit else "ltv.lead_unfit",
        day=i18n.day(found.on),
        buyers=i18n.number(found.buyers),
        since=i18n.day(found.first_on),
    )
    behind.head(
        "ltv",
        heading.section(t("ltv.heading"), lead, "ltv-heading"),
        answer,
        ltv_words.contract(answer),
        asked.in_words,
    )


def _refused(answer: Answer[Ltv]) -> None:
    found = answer.found
    if not found.customers:
        st.html(heading.line(t("ltv.none_here")))
        return
    st.html(f'<p id="ltv-refused"><b>{escape(t("ltv.refused"))}</b></p>' + _problems(found.problems))
    st.html(heading.line(t("ltv.still")))


def _problems(problems: Sequence[Problem]) -> str:
    items = "".join(f"<li>{escape(ltv_words.problem(one))} {escape(ltv_words.mend(one))}</li>" for one in problems)
    return f'<ul class="reasons">{items}</ul>'


def _foreseen(answer: Answer[Ltv], days: int, filters: Filters) -> None:
    found = answer.found
    labels = {option: t("number.days", count=int(option)) for option in sorted(OPTIONS, key=int)}
    st.html(choice.fields([Choice(DAYS, t("ltv.ahead"), labels, str(days))], addresses.beside(DAYS, behind.PARAMETER)))
    row = next(one for one in answer.rows("totals") if one["days"] == days)
    st.html(tiles.wall(_tiles(answer, row), WIDTH))
    if found.problems:
        st.html(f'<p id="ltv-no-money"><b>{escape(t("ltv.no_money"))}</b></p>' + _problems(found.problems))
    st.html(heading.section(t("ltv.bands", days=days), t("ltv.bands_lead"), "ltv-bands"))
    st.html(tiles.wall(_bands(answer, days, filters), NARROW))
    if len(found.tenths):
        st.html(heading.section(t("ltv.tenths"), t("ltv.tenths_lead"), "ltv-tenths"))
        charts.show(
            "ltv_tenths",
            answer.key,
            lambda: ltv_chart.tenths(answer.rows("tenths"), answer.currency),
            alt=t("ltv.tenths"),
        )
        st.html(_top(answer, filters))


def _tiles(answer: Answer[Ltv], row: Row) -> Sequence[Tile]:
    found, currency = answer.found, answer.currency
    begins, customers = behind.link(), row["customers"]
    ways = behind.way(begins, "all", t("ltv.way_all", count=i18n.number(customers)), customers)
    chance = None if not customers else row["buyers"] / customers
    whose = t("ltv.of_customers", count=i18n.number(customers), again=i18n.number(found.repeat_buyers))
    each = t("ltv.per_customer", value=i18n.money(row["value_per_customer_minor"], currency))
    shown = [
        Tile(
            "value", t("ltv.value"), i18n.compact_money(row["value_minor"], currency), "", t("ltv.means_value"),
            tiles.lines(_bounds(row, "value_minor", lambda one: i18n.compact_money(one, currency)), each), ways,
        ),
        Tile(
            "orders", t("ltv.orders"), i18n.number(row["orders"]), "", t("ltv.means_orders"),
            tiles.lines(_bounds(row, "orders", i18n.number), t("ltv.orders_each", count=i18n.number(row["orders"] / customers, 2))), (),
        ),
        Tile(
            "chance", t("ltv.chance"), i18n.share(chance), "", t("ltv.means_chance"),
            tiles.lines(_bounds(row, "buyers", lambda one: i18n.share(one / customers)), t("ltv.buyers", count=i18n.number(row["buyers"]))), (),
        ),
        Tile("customers", t("ltv.customers"), i18n.number(customers), "", t("ltv.means_customers"), tiles.lines(whose), ()),
    ]  # fmt: skip
    return [*shown, *_simple(found, currency)]


def _bounds(row: Row, name: str, written: ltv_words.Written) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if low is None or high is None else t("told.interval", bounds=f"{written(low)} – {written(high)}")


def _simple(found: Ltv, currency: str) -> Sequence[Tile]:
    simple = found.simple
    if simple is None:
        return ()
    parts = t(
        "ltv.simple_parts", net=i18n.money(simple["net_per_order_minor"], currency), orders=i18n.number(simple["orders_per_year"], 2),
        years=i18n.number(simple["lifetime_years"], 2),
    )  # fmt: skip
    value = i18n.money(simple["value_minor"], currency)
    return (Tile("simple", t("ltv.simple"), value, "", t("ltv.means_simple"), tiles.lines(parts), ()),)


def _bands(answer: Answer[Ltv], days: int, filters: Filters) -> Sequence[Tile]:
    begins, shown = behind.link(), []
    for row in answer.rows("bands"):
        if row["days"] != days:
            continue
        name, count = f"band.{days}.{row['place']}", row["members"]
        low, high = (i18n.share(row[end], 0) for end in ("low", "high"))
        leaf = _leaf(f"chance_{days}d", row["low"], None if row["high"] >= 1 else row["high"])
        ways = behind.way(begins, name, t("ltv.way_people"), count)
        if count:
            ways += _segment(f"segment-{row['place']}", leaf, filters)
        share = t("ltv.share_of_all", share=i18n.share(count / answer.found.customers))
        shown.append(
            Tile(f"band-{row['place']}", f"{low} – {high}", i18n.number(count), "", "", tiles.lines(share), ways)
        )
    return shown


def _leaf(score: str, low: float, high: float | None) -> dict[str, object]:
    """From ``low`` up, and up to ``high`` where there is one."""
    if high is None:
        return {"score": score, "op": "at_least", "values": [low]}
    return (
        {"score": score, "op": "between", "values": [low, high]}
        if low
        else {"score": score, "op": "at_most", "values": [high]}
    )


def _segment(name: str, leaf: dict[str, object], filters: Filters) -> tuple[str, ...]:
    """The way to a segment of them, for those who may keep any."""
    address = links.offered(leaf, filters)
    return () if address is None else (Way(t("ltv.to_segment"), address, "keep", t("ltv.to_segment_means")).html(name),)


def _top(answer: Answer[Ltv], filters: Filters) -> str:
    """Who is worth most, in words, and the ways to them."""
    top = answer.rows("tenths")[0]
    words = t(
        "ltv.top", count=i18n.number(top["members"]), share=i18n.share(top["value_share"]), lowest=i18n.money(top["lowest_minor"], answer.currency)
    )  # fmt: skip
    lowest = top["lowest_minor"] / 10 ** get_currency_precision(answer.currency)
    ways = "".join(
        (
            *behind.way(behind.link(), "tenth.0", t("ltv.way_people"), top["members"]),
            *_segment("segment-top", _leaf("value_365d", lowest, None), filters),
        )
    )
    return f'<p id="ltv-top">{escape(words)}</p><div class="ways">{ways}</div>'


def _behind(asked: Asked, answer: Answer[Ltv], text: str) -> Behind | None:
    found = answer.found
    whose: dict[str, tuple[str, int]] = {"all": (t("ltv.customers"), found.customers)}
    for row in answer.rows("bands"):
        low, high = (i18n.share(row[end], 0) for end in ("low", "high"))
        title = t("ltv.who_band", days=row["days"], low=low, high=high)
        whose[f"band.{row['days']}.{row['place']}"] = (title, row["members"])
    for row in answer.rows("tenths"):
        whose[f"tenth.{row['place']}"] = (t("ltv.who_tenth", place=row["place"] + 1), row["members"])
    title, figure = whose.get(text, ("", 0))
    if not figure:
        return None
    has_value = found.is_fit and not found.problems
    meaning = t("ltv.means_list" if has_value else "ltv.means_customers")
    return Behind(title, meaning, lambda: ltv.people_of(asked.filters, text, figure, has_value=has_value))
