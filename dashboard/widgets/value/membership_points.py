"""Accounts of points: what is outstanding and owed, what came and went in the period, and what expires."""

import streamlit as st

from dashboard import i18n
from dashboard.data.membership import EXPIRING, POINT_KINDS, Answer, Membership, Points
from dashboard.i18n import t
from dashboard.widgets import behind, heading, tiles
from dashboard.widgets.tiles import Tile
from dashboard.widgets.value import membership_words as words

WIDTH = 190


def show(answer: Answer[Membership], link: str | None) -> None:
    found = answer.found
    lead = t("membership.points_lead", on=i18n.day(found.on), value=words.a_point(found.terms, answer.currency))
    points = found.points
    if points is None:
        st.html(heading.section(t("membership.points"), t("membership.points_none"), "membership-points"))
        return
    st.html(heading.section(t("membership.points"), lead, "membership-points"))
    shown = [_outstanding(answer, points, link), *(_expiring(points, days, link) for days in EXPIRING)]
    st.html(tiles.wall(shown, WIDTH))
    moved = t("membership.points_period", days=i18n.days(found.period))
    st.html(heading.line(moved) + tiles.wall([_kind(points, kind, link) for kind in POINT_KINDS], WIDTH))
    if points.overdue:
        st.caption(t("membership.points_overdue", points=i18n.number(points.overdue)))
    if points.negative:
        st.html(
            heading.line(t("membership.points_negative", count=i18n.number(points.negative)))
            + "".join(behind.way(link, "points.negative", t("membership.way"), points.negative))
        )


def _outstanding(answer: Answer[Membership], points: Points, link: str | None) -> Tile:
    worth = t("membership.liability", amount=i18n.money(points.liability_minor, answer.currency))
    of = t("membership.holders", count=i18n.number(points.holders))
    ways = behind.way(link, "points.holders", of, points.holders)
    return Tile(
        "points-outstanding", t("membership.outstanding"), i18n.number(points.outstanding), "", t("membership.means_outstanding"),
        tiles.lines(worth, "" if link else of), ways,
    )  # fmt: skip


def _expiring(points: Points, days: int, link: str | None) -> Tile:
    amount, members = points.expiring[days]
    of = t("membership.holders", count=i18n.number(members))
    ways = behind.way(link, f"points.expiring.{days}", of, members)
    return Tile(
        f"points-expiring-{days}", t("membership.expiring", days=days), i18n.number(amount), "", t("membership.means_expiring"),
        tiles.lines("" if link else of), ways,
    )  # fmt: skip


def _kind(points: Points, kind: str, link: str | None) -> Tile:
    members = points.movers[kind]
    of = t("membership.holders", count=i18n.number(members))
    ways = behind.way(link, f"points.{kind}", of, members)
    return Tile(
        f"points-{kind}", t(f"membership.points_{kind}"), i18n.number(getattr(points, kind)), "", t(f"membership.means_{kind}"),
        tiles.lines("" if link else of), ways,
    )  # fmt: skip
