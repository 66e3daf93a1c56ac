"""Membership: tiers by rule or as imported, who moved, who is about to fall, and points."""

from dataclasses import replace
from functools import partial

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import membership
from dashboard.data.membership import ALL, BYS, SMALL, USUAL, WINDOW_DAYS, Answer, Asked, Membership, Row
from dashboard.i18n import t
from dashboard.widgets import behind, choice, figures, heading, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.figures import Figure
from dashboard.widgets.parts import Asked as Page
from dashboard.widgets.tiles import Tile
from dashboard.widgets.value import membership_points, membership_terms, membership_tiers
from dashboard.widgets.value import membership_words as words

BY = "ms_by"
"""Where the address says by what tiers are told."""
KEYS = (BY,)
HOUSE = "house"
WIDTH = 160


def show(page: Page) -> None:
    page = page.in_every_channel()
    by = choice.read(BY, (HOUSE, *BYS))
    asked = Asked(next((one for one in BYS if one == by), None))
    answer = membership.found(page.filters, asked)
    if answer is None:
        heading.empty(t("membership.nobody"), t("membership.nobody_lead"))
        return
    found, link = answer.found, behind.link()
    with st.container(border=True, key="card_membership"):
        _head(answer, page)
        _choices(found, by)
        if found.by == "imported" and not found.has_imported:
            st.markdown(f":material/info: {t('membership.none_imported')}")
        st.html(_wall(answer, link))
        st.html(membership_tiers.table(answer, page.filters, link) + behind.forbidden(link))
        _told(found)
    with st.container(border=True, key="card_membership_moves"):
        st.html(membership_tiers.moves(answer, link))
    with st.container(border=True, key="card_membership_falls"):
        st.html(membership_tiers.falls(answer, link))
    with st.container(border=True, key="card_membership_points"):
        membership_points.show(answer, link)
    dated = replace(page, days=t("membership.lead", day=i18n.day(answer.found.on)))
    behind.open_asked(lambda text: _behind(page, asked, answer, text), dated.in_words)


def _head(answer: Answer[Membership], page: Page) -> None:
    found, terms = answer.found, answer.found.terms
    before = t("membership.against", day=i18n.day(found.before_on)) if found.before_on else ""
    lead = t("number.then").join(one for one in (t("membership.lead", day=i18n.day(found.on)), before) if one)
    floors = i18n.listed(words.major(one, answer.currency) for one in terms.floors)
    lines = [
        t("membership.means_rule", days=WINDOW_DAYS, floors=floors, validity=terms.validity_days),
        t("membership.means_imported"),
        t("membership.means_bought", days=i18n.days(found.period)),
        t("membership.means_moves"),
        t("membership.means_falls"),
        t("membership.means_points", value=words.a_point(terms, answer.currency)),
        t("membership.means_filters"),
        t("membership.means_few", small=SMALL),
    ]
    behind.head("membership", heading.section(t("membership.tiers"), lead, "membership"), answer, lines, page.in_words)


def _choices(found: Membership, by: str) -> None:
    labels = {HOUSE: t("membership.by_house", by=t(f"membership.by_{found.terms.by}"))}
    labels |= {one: t(f"membership.by_{one}") for one in BYS}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="membership_choices"):
        shown = Choice(BY, t("membership.by"), labels, by, t("membership.by_help"))
        st.html(choice.fields([shown], addresses.beside(BY, behind.PARAMETER)), width="content")
        membership_terms.show(found.terms)


def _told(found: Membership) -> None:
    if found.by == "rule" and found.terms.floors == USUAL.floors and found.terms.validity_days == USUAL.validity_days:
        st.caption(t("membership.rule_of_thumb"))
    if found.by == "rule" and found.reaches_on is not None:
        st.caption(t("membership.since", day=i18n.day(found.reaches_on)))


def _wall(answer: Answer[Membership], link: str | None) -> str:
    whole = _whole(answer)
    shown = [_tile("members", i18n.number(whole["members"]), _change(whole), link, ALL, whole["members"])]
    ways = {row["way"]: row["members"] for row in answer.rows("ways")}
    shown += [_tile(way, i18n.number(ways[way]), "", link, f"way.{way}", ways[way]) for way in ("up", "down") if ways]
    for row in answer.rows("falls"):
        if row["key"] == ALL:
            days = row["days"]
            missing = i18n.compact_money(row["missing_minor"], answer.currency)
            told = t("membership.missing", amount=missing) if row["members"] else ""
            shown.append(
                _tile("fall", i18n.number(row["members"]), told, link, f"fall.{days}.{ALL}", row["members"], days=days)
            )
    points = answer.found.points
    if points is not None:
        worth = i18n.compact_money(points.liability_minor, answer.currency)
        told = t("membership.of_points", points=i18n.number(points.outstanding))
        shown.append(_tile("liability", worth, told, link, "points.holders", points.holders))
    return tiles.wall(shown, WIDTH)


def _tile(name: str, value: str, told: str, link: str | None, which: str, members: int, **filling: object) -> Tile:
    ways = behind.way(link, which, t("membership.way"), members)
    place = f"membership-{name}" + "".join(f"-{one}" for one in filling.values())
    title, meaning = t(f"membership.tile_{name}", **filling), t(f"membership.means_{name}", **filling)
    return Tile(place, title, value, "", meaning, tiles.lines(told), ways)


def _whole(answer: Answer[Membership]) -> Row:
    return next(row for row in answer.rows() if row["key"] == ALL)


def _change(row: Row) -> str:
    change = figures.change(row, Figure("members", "count")) if (row["members_before"] or 0) >= SMALL else ""
    return t("membership.changed", change=change) if change else ""


# -- who stands behind them --------------------------------------------------------------------------------------------


def _behind(page: Page, asked: Asked, answer: Answer[Membership], text: str) -> Behind | None:
    title, figure, meaning = _pointed(answer, text)
    if not figure:
        return None
    return Behind(
        title,
        t(f"membership.people_{meaning}"),
        partial(membership.people_of, page.filters, asked, text, figure),
    )


def _pointed(answer: Answer[Membership], text: str) -> tuple[str, int, str]:
    """What an address names: in words, how many there are, and what the value beside each of them is."""
    found = answer.found
    kind, _, rest = text.partition(".")
    rows = {row["key"]: row for row in answer.rows()}
    columns = {"tier": "members", "buyers": "buyers", "repeaters": "repeaters"}
    if kind == ALL and not rest:
        return t("membership.tier_all"), _whole(answer)["members"], "tier"
    if kind in columns and rest in rows:
        name = words.called(rest)
        told = name if kind == "tier" else f"{name}{t('number.then')}{t(f'membership.figure_{kind}')}"
        return told, rows[rest][columns[kind]], "tier" if kind == "tier" else "buyers"
    if kind == "move":
        for row in answer.rows("moves"):
            if rest == f"{row['before']}.{row['now']}":
                return (
                    f"{words.called(row['before'])} → {words.called(row['now'])}",
                    row["members"],
                    "tier",
                )
    if kind == "way":
        for row in answer.rows("ways"):
            if rest == row["way"] and rest in ("up", "down"):
                return t(f"membership.tile_{rest}"), row["members"], "tier"
    if kind == "fall":
        for row in answer.rows("falls"):
            if rest == f"{row['days']}.{row['key']}":
                told = t("membership.tile_fall", days=row["days"])
                return f"{words.called(row['key'])}{t('number.then')}{told}", row["members"], "fall"
    if kind == "points" and found.points is not None:
        return _pointed_at_points(found, rest)
    return "", 0, "tier"


def _pointed_at_points(found: Membership, name: str) -> tuple[str, int, str]:
    points = found.points
    assert points is not None
    known = {"holders": (t("membership.outstanding"), points.holders)}
    known["negative"] = (t("membership.negative"), points.negative)
    known |= {
        f"expiring.{days}": (t("membership.expiring", days=days), of) for days, (_, of) in points.expiring.items()
    }
    known |= {kind: (t(f"membership.points_{kind}"), of) for kind, of in points.movers.items()}
    return (*known.get(name, ("", 0)), "points")
