"""What a campaign brought: the verdict in a sentence first, then whom it reached and moved beyond those who were held out, money, time, variants, kinds of people, and harm. Provisional while windows are open."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import Refusal
from dashboard import charts, i18n, markdown
from dashboard.actions import exports, guard
from dashboard.data import campaign_runs
from dashboard.data.campaign_runs import SMALL, Lift, Outcome, Verdict
from dashboard.data.campaigns import Found
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import behind, heading, steps
from dashboard.widgets.campaigns import results_chart, told, words
from dashboard.widgets.campaigns.results_chart import Point
from dashboard.widgets.tiles import Tile, Way, lines, wall

LOOKS = {"up": "up", "down": "down", "unclear": "open", "too_small": "open", "sample_ratio": "bad", "nobody": "open", "placed": "open"}  # fmt: skip
CONTRACT = ("treated", "holdout", "window", "verdict", "converted", "money", "roi", "harm", "small")
COMPARED = ("of", "treated", "holdout", "difference", "chance")
DIMENSIONS = ("channel", "stage", "tier", "segment")


def show(found: Found) -> None:
    try:
        view = campaign_runs.results(found.campaign_id)
    except Refusal as refusal:
        with st.container(border=True, key="card_campaign_results"):
            st.html(heading.section(t("campaign.results"), "", "results"))
            st.error(markdown.escaped(i18n.refusal(refusal)))
        return
    told_ = view.found
    with st.container(border=True, key="card_campaign_results"):
        title = heading.section(t("campaign.results"), _judged_by(view), "results")
        behind.head("campaign_results", title, view, _contract(view), lambda: i18n.aside(found.name, found.code))
        if not told_.treated and not told_.held:
            st.html(heading.line(t("campaign.results_nobody")))
            return
        st.html(_verdict(view))
        _notes(view)
        st.html(_tiles(view))
        _lift(view)
        told.put(behind.forbidden(behind.link(told.WHO)))
    with st.container(border=True, key="card_campaign_funnel"):
        left, right = st.columns(2, gap="large")
        with left:
            st.html(heading.section(t("campaign.funnel"), t("campaign.funnel_lead"), "funnel"))
            st.html(_funnel(view))
        with right:
            st.html(heading.section(t("campaign.timing"), t("campaign.timing_lead"), "timing"))
            st.html(_timing(view) + _after(view))
        told.put(_follow_up(view))
    _apart(view)
    with st.container(border=True, key="card_campaign_harm"):
        st.html(heading.section(t("campaign.harm"), t("campaign.harm_lead"), "harm"))
        st.html(_harm(view))
    _export(found, view)


# -- the verdict -------------------------------------------------------------------------------------------------------


def _judged_by(view: Outcome) -> str:
    metric = t(f"campaign.metric_{view.found.lift_metric}")
    return t("campaign.judged_by", metric=metric, days=view.found.window_days)


def _verdict(view: Outcome) -> str:
    code, sentence = _sentence(view)
    value = _of_value(view)
    more = f"<p>{escape(value)}</p>" if value else ""
    return f'<div class="verdict {LOOKS[code]}" id="campaign-verdict"><b>{escape(t(f"campaign.verdict_{code}"))}</b><p>{escape(sentence)}</p>{more}</div>'


def _sentence(view: Outcome) -> tuple[str, str]:
    found = view.found
    if found.judged is None:
        return "placed", t("campaign.said_placed")
    verdict = found.judged.people
    lift = verdict.lift
    if verdict.code in ("nobody", "sample_ratio"):
        return verdict.code, t(f"campaign.said_{verdict.code}", treated=i18n.number(found.treated), holdout=i18n.number(found.held))  # fmt: skip
    is_bare = verdict.code == "too_small" and found.judged.detectable_share is None
    return verdict.code, t(
        "campaign.said_too_small_bare" if is_bare else f"campaign.said_{verdict.code}", did=t(f"campaign.did_{found.lift_metric}"), share=i18n.share(lift.treated), held=i18n.share(lift.holdout), difference=points(lift.difference),
        low=points(_low(lift)), high=points(_high(lift)), extra=i18n.number(abs(round(lift.extra or 0))), treated=i18n.number(lift.treated_count), holdout=i18n.number(lift.holdout_count),
        detectable=points(found.judged.detectable_share, is_signed=False),
    )  # fmt: skip


def _of_value(view: Outcome) -> str:
    judged = view.found.judged
    if judged is None or judged.value.code in ("nobody", "sample_ratio"):
        return ""
    lift, money = judged.value.lift, view.found.money
    return t(
        f"campaign.value_{judged.value.code}", difference=_money(view, lift.difference), low=_money(view, _low(lift)), high=_money(view, _high(lift)),
        extra=_money(view, money.extra_minor), detectable=_money(view, judged.detectable_minor),
    )  # fmt: skip


def _low(lift: Lift) -> float | None:
    return None if lift.interval is None else lift.interval.low


def _high(lift: Lift) -> float | None:
    return None if lift.interval is None else lift.interval.high


def points(value: float | None, *, is_signed: bool = True) -> str:
    """A difference of shares, in percentage points."""
    if value is None or pd.isna(value):
        return UNDEFINED
    told_ = i18n.signed(value * 100, 2 if abs(value) < 0.01 else 1) if is_signed else i18n.number(value * 100, 2 if abs(value) < 0.01 else 1)  # fmt: skip
    return t("campaign.points", value=told_)


def _brief(value: float | None) -> str:
    """Percentage points, without their name where there is no room for it."""
    return UNDEFINED if value is None else i18n.signed(value * 100, 2 if abs(value) < 0.005 else 1)


def _money(view: Outcome, minor: float | None) -> str:
    return UNDEFINED if minor is None or pd.isna(minor) else i18n.money(round(minor), view.currency)


def _notes(view: Outcome) -> None:
    found = view.found
    if found.is_provisional:
        if found.open_until is None:
            said = t("campaign.provisional_sending")
        else:
            said = t("campaign.provisional", until=words.moment(found.open_until), as_of=words.moment(view.as_of))
        st.info(said, icon=":material/hourglass_top:")
    splits = [("sides", found.judged.people.ratio if found.judged else None), ("variants", found.variant_ratio)]
    for name, ratio in splits:
        if ratio is not None and ratio.is_warning:
            observed, expected = (i18n.listed(i18n.number(round(one)) for one in told_) for told_ in (ratio.observed, ratio.expected))  # fmt: skip
            st.error(t(f"campaign.split_{name}", observed=observed, expected=expected), icon=":material/balance:")
    quiet = []
    quiet += [t("campaign.both", count=i18n.number(found.both))] if found.both else []
    quiet += [t("campaign.before", count=i18n.number(found.before))] if found.before else []
    quiet += [t("campaign.gone", count=i18n.number(found.gone))] if found.gone else []
    quiet += [t("campaign.limited")] if found.is_limited else []
    if quiet:
        st.html(heading.line(told.sentences(quiet)))


def _tiles(view: Outcome) -> str:
    found, money = view.found, view.found.money
    lift = found.judged.people.lift if found.judged else None
    people, held = (f"brought/{side}" for side in ("treated/converted", "holdout"))
    converted = int((found.flags["treated"] & found.flags["converted"]).sum())
    share = lift.treated if lift else (converted / found.treated if found.treated else None)

    def way(part: str, words_: str, count: int) -> tuple[str, ...]:
        """Of what goes to groups nobody is behind a figure."""
        return () if found.is_placed else told.to_people(part, words_, count)

    parts = [] if money.send_minor is None else [t("campaign.cost_send", money=_money(view, money.send_minor))]
    parts.append(t("campaign.cost_coupons", money=_money(view, money.coupon_minor)))
    if money.per_converted_minor is not None:
        parts.append(t("campaign.cost_each", money=_money(view, money.per_converted_minor)))
    interval = "" if money.extra_low_minor is None else t("campaign.range", low=_money(view, money.extra_low_minor), high=_money(view, money.extra_high_minor))  # fmt: skip
    returned = "" if money.roi_low is None else t("campaign.range", low=i18n.change(money.roi_low), high=i18n.change(money.roi_high))  # fmt: skip
    orders = t("campaign.orders", count=i18n.number(money.orders), aov=_money(view, money.aov_minor))
    tiles = [
        Tile("converted", t(f"campaigns.metric_{found.metric}"), i18n.number(converted), i18n.share(share), t("campaign.about_converted_means"), lines(t("campaign.of_treated", count=i18n.number(found.treated))), way(people, t("campaign.whose"), converted)),
        Tile("held", t("campaign.held_out"), i18n.number(found.held), "" if lift is None else i18n.share(lift.holdout), t("campaign.about_holdout_means"), "", way(held, t("campaign.whose"), found.held)),
        Tile("net", t("campaign.net"), _money(view, money.net_minor), "", t("campaign.about_money_means"), lines(orders, t("campaign.refunds", money=_money(view, money.refund_minor))), way("brought/treated/ordered", t("campaign.whose"), int((found.flags["treated"] & found.flags["ordered"]).sum()))),
        Tile("extra", t("campaign.extra"), _money(view, money.extra_minor), "", t("campaign.about_verdict_means"), lines(interval)),
        Tile("spent", t("campaign.spent"), _money(view, money.cost_minor), "", t("campaign.about_money_means"), lines(*parts)),
        Tile("roi", t("campaign.roi"), UNDEFINED if money.roi is None else i18n.change(money.roi), "", t("campaign.about_roi_means"), lines(returned, _harm_of_value(view))),
    ]  # fmt: skip
    return wall(tiles, 150)


def _harm_of_value(view: Outcome) -> str:
    known = view.found.harm["value_minor"].dropna()
    return "" if known.empty else t("campaign.harm_of_value", money=_money(view, float(known.sum())))


def _lift(view: Outcome) -> None:
    """Differences with their intervals: of all, of each variant and of each channel; and of value per head."""
    judged = view.found.judged
    if judged is None or judged.people.lift.interval is None:
        return
    pieces = [Point(t("campaign.everybody"), judged.people.lift.difference, _low(judged.people.lift), _high(judged.people.lift))]  # fmt: skip
    for kind, rows in (("variant", view.found.variants), ("channel", _of(view, "channel"))):
        if len(rows) > 1:
            pieces += [
                Point(told.group(kind, str(one["key"])), one["difference"], one["low"], one["high"])
                for one in rows.to_dict("records")
                if not pd.isna(one["difference"])
            ]
    left, right = st.columns(2, gap="large")
    with left:
        st.html(f"<h3>{escape(t('campaign.lift_people'))}</h3>{heading.line(t('campaign.lift_lead'))}")
        alt = t("campaign.lift_alt", low=points(pieces[0].low), high=points(pieces[0].high))
        charts.show("campaign_lift", view.key, lambda: results_chart.forest(pieces, points, _brief), alt=alt)
    value = judged.value.lift
    if value.interval is not None:
        with right:
            st.html(f"<h3>{escape(t('campaign.lift_value'))}</h3>{heading.line(t('campaign.lift_value_lead'))}")
            one = Point(t("campaign.everybody"), value.difference, _low(value), _high(value))
            alt = t("campaign.lift_alt", low=_money(view, one.low), high=_money(view, one.high))
            charts.show("campaign_value", view.key, lambda: results_chart.forest([one], lambda v: _money(view, v), lambda v: _money(view, v)), alt=alt)  # fmt: skip


# -- the way to it -----------------------------------------------------------------------------------------------------


def _funnel(view: Outcome) -> str:
    begins = behind.link(told.WHO) if not view.found.is_placed else None
    rows = []
    for one in view.found.funnel.to_dict("records"):
        step, count = str(one["step"]), int(one["count"])
        part = (
            "brought/treated"
            if step == "assigned"
            else "brought/treated/sent"
            if step == "sent"
            else f"brought/treated/sent/{step}"
        )
        share = None if pd.isna(one["share"]) else float(one["share"])
        plain = count / int(one["of"]) if one["of"] else None
        rows.append([escape(t(f"campaign.step_{step}")), told.figure(begins, part, i18n.number(count), count), f"{told.bars(plain)}{escape(i18n.share(share))}"])  # fmt: skip
    columns = [t(f"campaign.column_{one}") for one in ("step", "people", "of_sent")]
    machines = heading.line(t("campaign.machines", count=i18n.number(view.found.machines))) if view.found.machines else ""  # fmt: skip
    return told.table("funnel-rows", t("campaign.funnel"), columns, rows, (1,)) + machines


def _timing(view: Outcome) -> str:
    rows = []
    for one in view.found.timing.to_dict("records"):
        times = [steps.lasting(None if pd.isna(one[name]) else float(one[name])) for name in ("lower", "median", "upper")]  # fmt: skip
        rows.append([escape(t(f"campaign.step_{one['what']}")), escape(i18n.number(one["count"])), *map(escape, times)])
    columns = [t(f"campaign.column_{one}") for one in ("step", "people", "quarter", "half", "three_quarters")]
    return told.table("timing-rows", t("campaign.timing"), columns, rows, (1, 2, 3, 4))


def _after(view: Outcome) -> str:
    """Coming back, and satisfaction."""
    rows = [[escape(t(f"campaign.span_{one['span']}")), *_sides(one, f"returned_{one['span']}")] for one in view.found.returned.to_dict("records")]  # fmt: skip
    html = _part("returned-rows", "campaign.returned", COMPARED, rows)
    answers = [one for one in view.found.satisfied.to_dict("records") if one["answers"]]
    if answers:
        said = i18n.listed(t("campaign.satisfied", side=t(f"campaign.side_{one['side']}"), mean=i18n.number(None if pd.isna(one["mean"]) else one["mean"], 2), count=i18n.number(one["answers"])) for one in answers)  # fmt: skip
        html += heading.line(said)
    return html


def _follow_up(view: Outcome) -> str:
    flags = view.found.flags
    if view.found.is_placed:
        return ""
    rest = int((flags["treated"] & flags["clicked"] & ~flags["converted"]).sum())
    begins = behind.link(told.WHO)
    if begins is None or not rest:
        return ""
    way = Way(t("campaign.follow_up", count=i18n.number(rest)), f"{begins}brought/treated/clicked/!converted", "box", t("campaign.follow_up_means"))  # fmt: skip
    return f'<div class="ways">{way.html("follow-up")}</div>{heading.line(t("campaign.follow_up_means"))}'


# -- side against side -------------------------------------------------------------------------------------------------


def _apart(view: Outcome) -> None:
    found = view.found
    if found.judged is None:
        return
    with st.container(border=True, key="card_campaign_groups"):
        if len(found.variants) > 1:
            st.html(heading.section(t("campaign.variants"), t("campaign.variants_lead"), "variants"))
            st.html(_groups(view, "variant", found.variants) + _pairs(view))
        st.html(heading.section(t("campaign.groups"), t("campaign.groups_lead"), "groups"))
        for kind in DIMENSIONS:
            rows = _of(view, kind)
            if len(rows):
                st.html(f"<h3>{escape(t(f'campaign.by_{kind}'))}</h3>{_groups(view, kind, rows)}")


def _of(view: Outcome, kind: str) -> pd.DataFrame:
    """Parts in which there is anybody."""
    rows = view.found.groups
    return rows[(rows["dimension"] == kind) & (rows["treated"] + rows["holdout"] > 0)] if "dimension" in rows else rows.iloc[:0]  # fmt: skip


def _groups(view: Outcome, kind: str, rows: pd.DataFrame) -> str:
    begins = behind.link(told.WHO)

    def cells() -> Iterator[list[str]]:
        for one in rows.to_dict("records"):
            part = f"{kind}={one['key']}"
            sides = [
                _share(begins, f"brought/{side}/{part}", one["share" if side == "treated" else "holdout_share"], int(one[count]), int(one[side]))
                for side, count in (("treated", "converted"), ("holdout", "holdout_converted"))
            ]  # fmt: skip
            yield [
                escape(told.group(kind, str(one["key"]))), *sides, _difference(one), escape(_chance(one["p_holm"])), escape(_money(view, one["net_minor"])),
            ]  # fmt: skip

    columns = [t(f"campaign.column_{one}") for one in (*COMPARED, "net")]
    return told.table(f"groups-{kind}", t(f"campaign.by_{kind}"), columns, cells(), (1, 2, 3, 4, 5))


def _share(begins: str | None, name: str, share: Any, count: int, of: int) -> str:
    """The share, and below it of how many; both open the people of the side."""
    small = share is None or pd.isna(share)
    told_ = i18n.number(count) if small else i18n.share(float(share))
    below = t("campaign.of_people", count=i18n.number(count), of=i18n.number(of))
    return f"{told.figure(begins, name, told_, of)}<small>{escape(below)}</small>"


def _difference(one: dict[str, Any]) -> str:
    if pd.isna(one["difference"]):
        small = min(one.get("treated_of", one["treated"]), 0 if pd.isna(one.get("holdout_of", one["holdout"])) else one.get("holdout_of", one["holdout"])) < SMALL  # fmt: skip
        return f"{UNDEFINED}<small>{escape(t('campaign.too_few' if small else 'campaign.not_compared'))}</small>"
    low, high = points(one["low"]), points(one["high"])
    return f"{escape(points(one['difference']))}<small>{escape(t('campaign.range', low=low, high=high))}</small>"


def _chance(value: Any) -> str:
    if value is None or pd.isna(value):
        return UNDEFINED
    return "<0.001" if value < 0.001 else i18n.number(float(value), 3)


def _pairs(view: Outcome) -> str:
    said = []
    for one in view.found.pairs.to_dict("records"):
        names = {"first": told.group("variant", one["first"]), "second": told.group("variant", one["second"])}
        if one["is_small"] or pd.isna(one["difference"]):
            said.append(t("campaign.pair_small", **names))
            continue
        is_clear = not pd.isna(one["p_holm"]) and one["p_holm"] < 0.05
        better = names["second"] if one["difference"] > 0 else names["first"]
        said.append(
            t(
                "campaign.pair_clear" if is_clear else "campaign.pair_open", **names, better=better, difference=points(one["difference"]), low=points(one["low"]), high=points(one["high"]),
                chance=_chance(one["p_holm"]),
            )
        )  # fmt: skip
    items = "".join(f"<li>{escape(one)}</li>" for one in said)
    return f'<ul class="listed">{items}</ul>' if said else ""


def _sides(one: dict[str, Any], flag: str) -> list[str]:
    """Both sides of a row of ``returned`` or ``harm``."""
    begins = behind.link(told.WHO)
    treated = _share(begins, f"brought/treated/{flag}", one["share"], int(one["treated"]), int(one["treated_of"]))
    held = UNDEFINED
    if not pd.isna(one["holdout"]):
        held = _share(begins, f"brought/holdout/{flag}", one["holdout_share"], int(one["holdout"]), int(one["holdout_of"]))  # fmt: skip
    return [treated, held, _difference(one), escape(_chance(one["p_value"]))]


def _harm(view: Outcome) -> str:
    rows = []
    for one in view.found.harm.to_dict("records"):
        extra = UNDEFINED if pd.isna(one["extra"]) else i18n.signed(round(float(one["extra"])))
        rows.append([escape(t(f"campaign.part_{one['kind']}")), *_sides(one, str(one["kind"])), escape(extra), escape(_money(view, one["value_minor"]))])  # fmt: skip
    columns = [t(f"campaign.column_{one}") for one in (*COMPARED, "extra", "lost_value")]
    return told.table("harm-rows", t("campaign.harm"), columns, rows, (1, 2, 3, 4, 5, 6))


def _part(name: str, key: str, columns: Sequence[str], rows: Sequence[list[str]]) -> str:
    titles = [t(f"campaign.column_{one}") for one in columns]
    return f"<h3>{escape(t(key))}</h3>{told.table(name, t(key), titles, rows, tuple(range(1, len(titles))))}"


# -- contract and export -----------------------------------------------------------------------------------------------


def _contract(view: Outcome) -> list[str]:
    filling = {"days": view.found.window_days, "small": SMALL}
    return [i18n.explained(f"**{t(f'campaign.about_{one}')}**", t(f"campaign.about_{one}_means", **filling)) for one in CONTRACT]  # fmt: skip


def _export(found: Found, view: Outcome) -> None:
    """Every table of results in one file, for those who may take anything out."""
    if not guard.may("people.export"):
        return
    table: Callable[[], pd.DataFrame] = lambda: figures(view)  # noqa: E731 - made when the file is asked for
    details = {"kind": "campaign_results", "campaign": found.code, "version": view.version}
    with st.container(horizontal=True, gap="small", key="campaign_export"):
        for file in ("csv", "xlsx"):
            st.download_button(
                t(f"campaign.export_{file}"), data=exports.deferred(table, f"campaign-{found.code}", file, details), file_name=f"siyu-campaign-{found.code}.{file}", mime=exports.MIME[file],
                icon=":material/download:", key=f"campaign_export_{file}", on_click="ignore",
            )  # fmt: skip


def figures(view: Outcome) -> pd.DataFrame:
    """All figures, one per row: of which table, of what, called how, and how much; names are those of the contract, in plain letters."""
    found, rows = view.found, []
    for name in ("funnel", "timing", "returned", "satisfied", "variants", "pairs", "groups", "harm"):
        frame: pd.DataFrame = getattr(found, name)
        for one in frame.to_dict("records"):
            keys = [str(value) for value in one.values() if isinstance(value, str)]
            rows += [(name, "/".join(keys), key, value) for key, value in one.items() if not isinstance(value, str) and not pd.isna(value)]  # fmt: skip
    rows += [("money", "", key, value) for key in found.money.__slots__ if (value := getattr(found.money, key)) is not None]  # fmt: skip
    verdicts: list[tuple[str, Verdict]] = [] if found.judged is None else [("people", found.judged.people), ("value", found.judged.value)]  # fmt: skip
    for key, one in verdicts:
        rows.append(("verdict", key, one.code, one.lift.difference))
    columns = [t(f"campaign.export_{one}") for one in ("table", "of", "figure", "value")]
    return pd.DataFrame(rows, columns=columns)
