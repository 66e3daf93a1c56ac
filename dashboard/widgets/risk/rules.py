"""Rules of warnings: how each stands and how often it was right, the one that is open, and when all were last looked at."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.actions import rules as actions
from dashboard.data import rules, watched
from dashboard.data.rules import Listed, Looked, Precision, Rules
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import choice, heading, tiles
from dashboard.widgets.choice import Choice
from dashboard.widgets.risk import levels, rows, rule_one, words
from dashboard.widgets.risk.rows import Column
from dashboard.widgets.risk.rule_one import NEW, OF
from dashboard.widgets.tiles import Tile

SHOWN = "rl_shown"
"""Where the address says which rules are listed."""
ALL, ON, OFF, CHANGED, OWN = "all", "on", "off", "changed", "own"
SHOWS = (ALL, ON, OFF, CHANGED, OWN)


def show() -> None:
    known = rules.read()
    opened = addresses.opened(OF, {*known.every, NEW} if actions.may() else set(known.every))
    if opened is not None:
        rule_one.show(opened, known)
        return
    looks = rules.looks()
    with st.container(border=True, key="card_rules"):
        st.html(heading.section(t("rules.title"), t("rules.lead"), "rules"))
        st.html(tiles.wall(_tiles(known, looks[0] if looks else None), 150))
        if actions.may():
            link = f'<a class="box" id="rule-new" href="?{escape(addresses.beside(OF))}{OF}={NEW}">{escape(t("rules.add"))}</a>'
            st.html(f'<div class="ways">{link}</div>')
        _table(known)
        if actions.may() and known.removed:
            rule_one.removed(known)
    _looks(looks, known)


def _tiles(known: Rules, last: Looked | None) -> list[Tile]:
    every = list(known.every.values())
    on = sum(one.rule.is_on for one in every)
    true, false = (sum(getattr(one.precision, name) for one in every) for name in ("true", "false"))
    whole = Precision(true, false, 0, 0)
    told = t("rules.judged", count=whole.judged) if whole.judged else t("rules.judged_none")
    at = UNDEFINED if last is None else i18n.moment(last.at, known.zone)
    return [
        Tile("rules", t("rules.tile_on"), i18n.number(on), beside=t("rules.of", count=len(every))),
        Tile("fired", t("rules.tile_fired"), i18n.number(sum(one.fired for one in every)), meaning=t("rules.fired_means")),
        Tile("precision", t("rules.tile_precision"), i18n.share(whole.share, 0), beside=told, meaning=t("rules.precision_means")),
        Tile("looked", t("rules.tile_looked"), at, beside="" if last is None else t("rules.version", version=last.lake_version)),
    ]  # fmt: skip


def _table(known: Rules) -> None:
    shown = choice.read(SHOWN, SHOWS)
    labels = {one: t(f"rules.show_{one}") for one in SHOWS}
    st.html(choice.row(Choice(SHOWN, t("rules.show"), labels, shown), addresses.beside(SHOWN)))
    listed = {key: one for key, one in known.every.items() if _is_shown(one, shown)}
    if not listed:
        st.html(heading.line(t("rules.none")))
        return
    titles = ("rule", "level", "state", "owner", "fired", "precision", "last")
    kinds = {"fired": "number", "precision": "number", "last": "short", "level": "short", "state": "short"}
    columns = [Column(t(f"rules.column_{name}"), kinds.get(name, "")) for name in titles]
    own, others = watched.own_names(), addresses.beside(OF)
    body = [_row(key, one, known, own, others) for key, one in listed.items()]
    st.html(rows.table("rule-rows", t("rules.title"), columns, body))


def _is_shown(one: Listed, shown: str) -> bool:
    is_own = not one.kept.is_default
    return {ON: one.rule.is_on, OFF: not one.rule.is_on, CHANGED: one.kept.is_changed and not is_own, OWN: is_own}.get(
        shown, True
    )


def _row(key: str, one: Listed, known: Rules, own: words.Names, others: str) -> list[str]:
    link = rows.opens(words.rule(key, one.rule.name), OF, key, others)
    told = words.condition(one.rule, known.currency, own)
    return [
        f"{link}<br><small>{escape(told)}</small>", levels.of_cell((one.rule.likelihood, one.rule.impact)), state(one), escape(one.rule.owner or UNDEFINED),
        rule_one.fired(key, one), precision(one.precision), escape(i18n.day(one.last_on) if one.last_on else UNDEFINED),
    ]  # fmt: skip


def state(one: Listed) -> str:
    """HTML: whether it is watched, and whose it is."""
    told = rule_one.state(one)
    whose = "own" if not one.kept.is_default else "changed" if one.kept.is_changed else "built_in"
    return f"{told}<br><small>{escape(t(f'rules.{whose}'))}</small>"


def precision(one: Precision) -> str:
    """HTML: the share, and of how many; the number alone of few."""
    if not one.judged:
        return UNDEFINED
    if one.judged < rules.SMALL:
        return f"<small>{escape(t('rules.of_judged', true=one.true, count=one.judged))}</small>"
    return f"{i18n.share(one.share, 0)}<br><small>{escape(t('rules.judged', count=one.judged))}</small>"


# -- looks -------------------------------------------------------------------------------------------------------------


def _looks(looks: tuple[Looked, ...] | list[Looked], known: Rules) -> None:
    with st.container(border=True, key="card_looks"):
        st.html(heading.section(t("rules.looks"), t("rules.looks_lead"), "rule-looks"))
        if not rules.has_worker():
            st.warning(t("rules.no_worker"))
        if actions.may():
            st.button(
                t("rules.look"),
                key="rules_look",
                icon=":material/visibility:",
                help=t("rules.look_help"),
                on_click=_look,
            )
        if not looks:
            st.html(heading.line(t("rules.no_looks")))
            return
        if looks[0].failed:
            st.error(
                t(
                    "rules.failed_now",
                    count=len(looks[0].failed),
                    told=i18n.listed(_failed(one) for one in looks[0].failed),
                )
            )
        names = ("at", "version", "seconds", "rules", "lines", "raised", "closed", "failed")
        kinds = {"at": "short", "failed": ""}
        columns = [Column(t(f"rules.look_{name}"), kinds.get(name, "number")) for name in names]
        body = [
            [
                escape(i18n.moment(one.at, known.zone)), i18n.number(one.lake_version), i18n.number(one.seconds, 1), i18n.number(one.rules), i18n.number(one.lines),
                i18n.number(one.raised), i18n.number(one.closed), escape(i18n.listed(map(_failed, one.failed)) or t("rules.failed_none")),
            ]
            for one in looks
        ]  # fmt: skip
        st.html(rows.table("look-rows", t("rules.looks"), columns, body))


@guard.guarded(actions.WRITE)
def _look() -> None:
    done = actions.look()
    if not done.is_kept:
        guard.note(t("rules.look_behind"))
        return
    if done.code is not None:
        guard.note(t("rules.look_stopped", code=done.code), is_error=True)
        return
    guard.note(t("rules.looked", lines=done.lines, raised=done.raised, closed=done.closed))


def _failed(one: object) -> str:
    told = dict(one)  # type: ignore[call-overload]
    if told.get("rule"):
        called = words.rule(told["rule"], "")
    else:
        called = words.indicator(told["indicator"], watched.own_names()) if told["indicator"] else t("rules.everything")
    return i18n.aside(called, told["code"])
