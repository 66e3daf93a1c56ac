"""预警: what is out of order now, the gravest first, and each by itself."""

from collections.abc import Sequence

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.data import levels, warnings, watched
from dashboard.data.warnings import STATES, Warned
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import choice, heading, tiles
from dashboard.widgets.risk import listing, one, words
from dashboard.widgets.risk.listing import RULE, STATE, WARNING
from dashboard.widgets.tiles import Tile, Way

LEVEL, FIELD, PLACE, OWNER = "wa_level", "wa_field", "wa_place", "wa_owner"
EVERY = "all"
NOBODY = "-"
ROWS = 50
WIDTH = 180


def show() -> None:
    if WARNING in st.query_params:
        one.show(st.query_params[WARNING])
        return
    state = choice.read(STATE, STATES)
    level = choice.read(LEVEL, (EVERY, *reversed(levels.LEVELS)))
    found = warnings.listed(state)
    _tiles()
    with st.container(border=True, key="card_warnings"):
        st.html(heading.section(t("warning.list"), t("warning.list_lead"), "warnings"))
        others = addresses.beside()
        st.html(
            choice.fields(
                [choice.among(STATE, "warning.which", STATES, state), _levels(level)],
                others,
            )
        )
        _list(_narrowed(found, level), found)


def _levels(level: str) -> choice.Choice:
    labels = {EVERY: t("warning.every")} | {name: t(f"risk.level_{name}") for name in reversed(levels.LEVELS)}
    return choice.Choice(LEVEL, t("risk.level"), labels, level)


def _tiles() -> None:
    """What speaks now, by level; what is new; what is silent; how often they were right."""
    open_ones, silent = warnings.listed("open"), warnings.listed("snoozed")
    shown = [one for one in open_ones if not one.is_test]
    below = "".join(
        f"<p>{i18n.explained(t(f'risk.level_{name}'), i18n.number(sum(one.level == name for one in shown)))}</p>"
        for name in reversed(levels.LEVELS)
        if any(one.level == name for one in shown)
    )
    new = warnings.since_yesterday([one for one in warnings.listed("all") if not one.is_test])
    total = warnings.overall()
    precise = t("warning.precision_of", true=i18n.number(total.true), judged=i18n.number(total.judged)) if total.judged else t("warning.precision_none")  # fmt: skip
    away = addresses.beside(STATE, LEVEL, FIELD, PLACE, OWNER, RULE, WARNING)
    way = Way(t("warning.tile_see"), f"?{away}{STATE}=snoozed" if silent else None, "box").html("see-snoozed")
    st.html(
        tiles.wall(
            [
                Tile("open", t("warning.tile_open"), i18n.number(len(shown)), below=below),
                Tile("new", t("warning.tile_new"), i18n.number(len(new)), meaning=t("warning.tile_new_means")),
                Tile("snoozed", t("warning.tile_snoozed"), i18n.number(len(silent)), meaning=t("warning.tile_snoozed_means"), ways=(way,)),
                Tile("precision", t("warning.tile_precision"), i18n.share(total.share, 0) if total.judged else UNDEFINED, meaning=t("warning.tile_precision_means"), below=tiles.lines(precise)),
            ],
            WIDTH,
        )
    )  # fmt: skip


def _narrowed(found: Sequence[Warned], level: str) -> list[Warned]:
    """By what the fields say, which offer only what there is."""
    kept = [one for one in found if level in (EVERY, one.level)]
    places = {_place_key(one): words.place(one.place_by, one.place_key, one.place_name) for one in found}
    owners = {one.owner or NOBODY: one.owner or t("warning.nobody") for one in found}
    fields = {name: t(f"watched.field_{name}") for name in watched.FIELDS if any(one.field == name for one in found)}
    rules = {one.rule_key: words.rule(one.rule_key, one.rule_name) for one in found}
    with st.container(horizontal=True, gap="small", key="warning_filters"):
        field = _select(FIELD, t("warning.filter_field"), fields)
        place = _select(PLACE, t("warning.filter_place"), places)
        owner = _select(OWNER, t("warning.column_owner"), owners)
        rule = _select(RULE, t("warning.filter_rule"), rules)
    return [
        one
        for one in kept
        if field in (EVERY, one.field)
        and place in (EVERY, _place_key(one))
        and owner in (EVERY, one.owner or NOBODY)
        and rule in (EVERY, one.rule_key)
    ]


def _select(key: str, label: str, options: dict[str, str]) -> str:
    known = {EVERY: t("warning.every")} | options
    addresses.read(key, EVERY, list(known))
    chosen: str = st.selectbox(label, list(known), format_func=known.get, key=key)
    addresses.write(key, EVERY)
    return chosen


def _place_key(one: Warned) -> str:
    return f"{one.place_by}.{one.place_key}"


def _list(shown: Sequence[Warned], found: Sequence[Warned]) -> None:
    if not shown:
        st.html(heading.line(t("warning.none_like_this") if found else t("warning.none")))
        return
    pages = -(-len(shown) // ROWS)
    page = st.pagination(pages, key="warning_pages") if pages > 1 else 1
    rows = shown[(page - 1) * ROWS : page * ROWS]
    st.html(
        listing.table(
            "warning-rows", t("warning.list"), rows, watched.own_names(), warnings.currency(), with_people=guard.may("people.see")
        )
    )  # fmt: skip
    if pages > 1:
        first, last = i18n.number((page - 1) * ROWS + 1), i18n.number(min(page * ROWS, len(shown)))
        st.caption(t("warning.rows", first=first, last=last, count=i18n.number(len(shown))))
    if len(found) >= warnings.MOST:
        st.caption(t("warning.most", most=i18n.number(warnings.MOST)))
