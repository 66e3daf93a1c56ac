"""Every score of a member with what it rests on."""

from collections.abc import Sequence

import streamlit as st

from dashboard import i18n
from dashboard.data import member as data
from dashboard.data.member import Member, Standing, View
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.member import head, table, words
from dashboard.widgets.scores import words as scores_words
from dashboard.widgets.segments.words import called

HORIZONS = (30, 90, 180, 365)


def show(view: View) -> None:
    told = data.standing(view, is_whole=True)
    member = view.member
    rows = [
        *_rfm(member, told),
        _life(told),
        *_ltv(member, told),
        *_scores(member, told),
        *_membership(view, told),
        *_cluster(told),
    ]
    titles = [t(f"member.{name}") for name in ("score", "result", "because")]
    st.html(f'<div class="parts-of">{heading.line(t("member.standing_lead"))}{table.html(titles, rows)}</div>')


def _rfm(member: Member, told: Standing) -> Sequence[Sequence[str]]:
    row, refused = told.rows.get("rfm"), _refused(told, "rfm")
    if row is None:
        return [(t("member.score_rfm"), UNDEFINED, refused or t("member.rfm_nobody"))]
    net = i18n.money(row["net_minor"], member.currency)
    why = t(
        "member.rfm_reason", days=i18n.number(row["days_since_last_order"]), orders=i18n.number(row["orders"]), net=net
    )
    return [
        (t("member.score_rfm"), words.code("rfm.class_", row["rfm_class"]), why),
        (t("member.score_tier"), words.code("segments.value_tier_", row["value_tier"]), _limits()),
    ]


def _limits() -> str:
    """The rule of the four tiers, for holding the figures above against it."""
    limits = data.LIMITS
    days, orders, net = (
        [i18n.number(one) for one in part] for part in (limits.tier_days, limits.tier_orders, limits.tier_net)
    )
    return t(
        "member.tier_reason", days1=days[0], days2=days[1], days3=days[2], orders1=orders[0], orders2=orders[1], net1=net[0], net2=net[1],
    )  # fmt: skip


def _life(told: Standing) -> Sequence[str]:
    life = told.life
    if life is None or life.name is None:
        return t("member.score_life"), UNDEFINED, ""
    key = "member.life_reason_silent" if life.acted_on is None else "member.life_reason"
    why = t(key, born=i18n.day(life.born_on), acted=i18n.day(life.acted_on), days=i18n.days(life.week))
    said = f"{head.life_rule(life.name)}{t('number.then')}{why}"
    return t("member.score_life"), words.code("lifecycle.state_", life.name), said


def _ltv(member: Member, told: Standing) -> Sequence[Sequence[str]]:
    row, inputs = told.rows.get("ltv"), told.inputs
    if row is None or inputs is None:
        return [(t("member.score_ltv"), UNDEFINED, _refused(told, "ltv") or t("member.ltv_nobody"))]
    value = i18n.money(row["value_365d_minor"], member.currency)
    answer = [value, t("member.ltv_orders", orders=i18n.number(row["orders_365d"], 1))]
    if inputs.low_minor is not None and inputs.high_minor is not None:
        low, high = (i18n.money(bound, member.currency) for bound in (inputs.low_minor, inputs.high_minor))
        answer.insert(1, t("member.ltv_range", low=low, high=high))
    chances = " / ".join(i18n.share(row[f"chance_{days}d"], 0) for days in HORIZONS)
    key = "member.ltv_reason" if inputs.repeats else "member.ltv_reason_once"
    why = t(
        key, age=i18n.number(inputs.age_days), repeat=i18n.number(inputs.repeats), recency=i18n.number(inputs.last_days),
        mean=i18n.money(inputs.mean_minor, member.currency),
    )  # fmt: skip
    return [
        (t("member.score_ltv"), " · ".join(answer), why),
        (t("member.score_chance"), chances, t("member.chance_reason")),
    ]


def _scores(member: Member, told: Standing) -> Sequence[Sequence[str]]:
    """Chances of leaving and buying, each with what raises and lowers it most."""
    rows = []
    for own in told.scores:
        up, down = data.top(own.reasons)
        told_up, told_down = (_reasons(some, member.currency) for some in (up, down))
        answer = t("member.own_chance", chance=i18n.share(own.chance), top=i18n.share(own.top, 0))
        why = t("member.own_reasons", up=told_up, down=told_down, base=i18n.share(own.base_chance))
        rows.append((t(f"member.score_{own.model.target}", days=own.model.days), answer, why))
    return rows


def _reasons(reasons: Sequence[data.Reason], currency: str) -> str:
    told = [
        t(
            "member.own_reason", feature=scores_words.feature(one.name), value=scores_words.value(one.name, one.value, currency),
            points=i18n.signed(100 * one.points, 1),
        )
        for one in reasons
    ]  # fmt: skip
    return i18n.listed(told) or t("member.own_none")


def _membership(view: View, told: Standing) -> Sequence[Sequence[str]]:
    row, refused = told.rows.get("membership"), _refused(told, "membership")
    if row is None:
        return [(t("member.score_membership"), UNDEFINED, refused)] if refused else []
    why = t("member.membership_reason", rule=t(f"member.tier_by_{view.tier_by}"), points=i18n.number(row["points"]))
    other = head.other_tier(view, told)
    beside = [(t("member.score_told"), other, t("member.told_reason"))] if other else []
    return [(t("member.score_membership"), head.tier(view, told) or UNDEFINED, why), *beside]


def _cluster(told: Standing) -> Sequence[Sequence[str]]:
    row, refused = told.rows.get("clusters"), _refused(told, "clusters")
    if row is None:
        return [(t("member.score_cluster"), UNDEFINED, refused)] if refused else []
    return [(t("member.score_cluster"), called("cluster", row["cluster"]), t("member.cluster_reason"))]


def _refused(told: Standing, name: str) -> str:
    refusal = told.refused.get(name)
    return t("member.refused", why=i18n.refusal(refusal)) if refusal else ""
