"""One rule: how it stands, what can be changed of it, what it would raise like that, and all that was ever said of it."""

from functools import partial
from html import escape

import streamlit as st

from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.actions import rules as actions
from dashboard.data import rules, watched
from dashboard.data.rules import InvalidRule, Kept, Listed, Rule, Rules
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading, opening
from dashboard.widgets.risk import levels, listing, rows, rule_fields, rule_preview, words
from dashboard.widgets.risk.rule_fields import Fields, Slots

OF = "rule"
"""Where the address says which rule is open."""
NEW = "new"
TURN = "_rl_turn"
"""Counts rules that were added in this session: the next one begins with fresh fields."""


def show(key: str, known: Rules) -> None:
    st.html(opening.back("rule", OF, words="rules.close"))
    if key == NEW:
        _new(known)
        return
    one, own = known.every[key], watched.own_names()
    with st.container(border=True, key="card_rule"):
        called = words.rule(key, one.rule.name)
        st.html(heading.section(called, words.sentence(one.rule, known.currency, own), "rule-one"))
        st.html(rows.facts(_facts(key, one, known)))
        if actions.may():
            _deeds(one, called)
    if one.kept.fault:
        st.error(t("rules.unreadable_told", told=markdown.escaped(one.kept.fault)))
    if actions.may():
        fields = Fields(f"rl_{key}_{one.kept.revision}", one.rule, known)
        _edit(fields, one, own)
    else:
        st.caption(t("rules.read_only"))
    _history(key, known, own)


def fired(key: str, one: Listed) -> str:
    """HTML: how many it raised, which leads to them."""
    count = i18n.number(one.fired)
    return (
        f'<a href="{escape(listing.of_rule(key))}" title="{escape(t("rules.see_fired"))}">{count}</a>'
        if one.fired
        else count
    )


def state(one: Listed) -> str:
    """HTML: whether it is watched, or cannot be."""
    if one.rule.is_on:
        return t("rules.on")
    return f'<em class="late">{escape(t("rules.unreadable" if one.kept.fault else "rules.off"))}</em>'


def _facts(key: str, one: Listed, known: Rules) -> list[tuple[str, str]]:
    last = UNDEFINED if one.last_on is None else i18n.day(one.last_on)
    found = [
        (t("rules.column_level"), levels.of_cell((one.rule.likelihood, one.rule.impact))),
        (t("rules.column_state"), state(one)),
        (t("rules.column_owner"), escape(one.rule.owner or UNDEFINED)),
        (t("rules.column_fired"), fired(key, one)),
        (t("rules.column_last"), escape(last)),
        (t("rules.column_precision"), escape(_precision(one))),
    ]
    if one.kept.by is not None and one.kept.at is not None:
        told = t("rules.said_by", by=one.kept.by, at=i18n.moment(one.kept.at, known.zone))
        found.append((t("rules.column_said"), escape(told)))
    return found


def _precision(one: Listed) -> str:
    """With its 95 % interval, and what was said otherwise."""
    said = one.precision
    if not said.judged:
        return t("rules.judged_none")
    beside = [t("rules.of_judged", true=said.true, count=said.judged)]
    if said.judged >= rules.SMALL and said.interval is not None:
        beside.append(t("told.interval", bounds=f"{i18n.share(said.interval.low)} – {i18n.share(said.interval.high)}"))
    beside += [t("rules.unclear", count=said.unclear)] if said.unclear else []
    beside += [t("rules.unjudged", count=said.unjudged)] if said.unjudged else []
    told = i18n.listed(beside)
    return told if said.judged < rules.SMALL else i18n.aside(i18n.share(said.share, 0), told)


# -- what can be done ----------------------------------------------------------------------------------------------------


def _deeds(one: Listed, called: str) -> None:
    kept = one.kept
    with st.container(horizontal=True, gap="small", key="rule_deeds"):
        label, icon = ("rules.switch_off", "pause") if one.rule.is_on else ("rules.switch_on", "play_arrow")
        st.button(t(label), key="rule_switch", icon=f":material/{icon}:", on_click=_switch, args=(kept, called))
        st.button(
            t("rules.test"), key="rule_test", icon=":material/notifications_active:", help=t("rules.test_help"), on_click=_test, args=(kept.key, called)
        )  # fmt: skip
        if kept.is_default and kept.is_changed:
            st.button(
                t("rules.default"),
                key="rule_default",
                icon=":material/restart_alt:",
                on_click=_remove,
                args=(kept, called),
            )
        elif not kept.is_default:
            with st.popover(t("rules.remove"), icon=":material/delete:", key=f"rule_remove_{kept.revision}"):
                st.write(markdown.escaped(t("rules.remove_sure", name=called)))
                st.button(
                    t("rules.remove"), key="rule_remove_do", type="primary", on_click=_remove, args=(kept, called)
                )


@guard.guarded(actions.WRITE)
def _switch(kept: Kept, called: str) -> None:
    done = actions.switch(kept.key, kept.revision, is_on=not kept.rule.is_on)
    guard.note(t("rules.switched_on" if done.rule.is_on else "rules.switched_off", name=called))


@guard.guarded(actions.WRITE)
def _test(key: str, called: str) -> None:
    number = actions.try_out(key)
    guard.note(t("rules.tested", name=called, number=number))


@guard.guarded(actions.WRITE)
def _remove(kept: Kept, called: str) -> None:
    actions.remove(kept.key, kept.revision)
    if not kept.is_default:
        st.query_params.pop(OF, None)
    guard.note(t("rules.defaulted" if kept.is_default else "rules.removed", name=called))


def removed(known: Rules) -> None:
    """Rules of the house's own that are gone, and the way back."""
    box = st.popover(
        t("rules.gone", count=len(known.removed)),
        icon=":material/history:",
        type="tertiary",
        key="rules_gone",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        for one in known.removed:
            told = t("rules.gone_line", name=one.rule.name, by=one.by or UNDEFINED, at=i18n.moment(one.at, known.zone))
            st.write(markdown.escaped(told))
            st.button(t("rules.restore"), key=f"rule_restore_{one.key}", on_click=_restore, args=(one,))


@guard.guarded(actions.WRITE)
def _restore(one: Kept) -> None:
    try:
        actions.restore(one.key, one.revision)
    except InvalidRule as refusal:
        guard.note(rule_preview.wrong(refusal), is_error=True)
        return
    guard.note(t("rules.restored", name=one.rule.name))


# -- changing ------------------------------------------------------------------------------------------------------------


def _edit(fields: Fields, one: Listed, own: words.Names) -> None:
    with st.container(border=True, key="card_rule_fields"):
        st.html(heading.section(t("rules.change"), t("rules.change_lead"), "rule-fields"))
        slots = rule_fields.draw(fields, own, with_name=not one.kept.is_default)
        _tell_refused(fields, slots)
    drafted = rule_fields.draft(fields)
    is_right = rule_preview.show(fields, drafted, own, slots)
    st.button(
        t("rules.save"), type="primary", key="rule_save", icon=":material/save:", disabled=not is_right or drafted == one.rule, on_click=_save,
        args=(fields, one.kept),
    )  # fmt: skip
    if drafted == one.rule:
        st.caption(t("rules.unchanged"))


@guard.guarded(actions.WRITE)
def _save(fields: Fields, kept: Kept) -> None:
    rule = rule_fields.draft(fields)
    try:
        actions.change(kept.key, rule, kept.revision)
    except InvalidRule as refusal:
        _refused(fields, refusal)
        return
    guard.note(t("rules.saved", name=words.rule(kept.key, rule.name)))


def _new(known: Rules) -> None:
    own = watched.own_names()
    fields = Fields(f"rl_new_{st.session_state.get(TURN, 0)}", rule_fields.BLANK, known)
    with st.container(border=True, key="card_rule_fields"):
        st.html(heading.section(t("rules.new"), t("rules.change_lead"), "rule-fields"))
        slots = rule_fields.draw(fields, own, with_name=True)
        _tell_refused(fields, slots)
    drafted = rule_fields.draft(fields)
    is_right = rule_preview.show(fields, drafted, own, slots)
    st.button(
        t("rules.add_do"), type="primary", key="rule_save", icon=":material/add:", disabled=not is_right, on_click=partial(_add, fields)
    )  # fmt: skip


@guard.guarded(actions.WRITE)
def _add(fields: Fields) -> None:
    try:
        done = actions.add(rule_fields.draft(fields))
    except InvalidRule as refusal:
        _refused(fields, refusal)
        return
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    st.query_params[OF] = done.key
    guard.note(t("rules.added", name=done.rule.name))


def _refused(fields: Fields, refusal: InvalidRule) -> None:
    """For callbacks: said above the page, and with the next drawing at its field."""
    guard.note(rule_preview.wrong(refusal), is_error=True)
    st.session_state[fields.key("refused")] = refusal.details.get("field"), rule_preview.wrong(refusal)


def _tell_refused(fields: Fields, slots: Slots) -> None:
    field, told = st.session_state.pop(fields.key("refused"), (None, ""))
    if field in slots:
        slots[field].error(told)


# -- what was said -------------------------------------------------------------------------------------------------------


def _history(key: str, known: Rules, own: words.Names) -> None:
    said = rules.history(key)
    if not said:
        return
    box = st.expander(
        t("rules.history", count=len(said)), icon=":material/history:", key="rule_history", on_change="rerun"
    )
    if not box.open:
        return
    columns = [
        rows.Column(t(f"rules.history_{name}"), "short" if name != "what" else "") for name in ("at", "by", "what")
    ]
    body = [
        [escape(i18n.moment(one.at, known.zone)), escape(one.by or UNDEFINED), _what(one, known, own)] for one in said
    ]
    with box:
        st.html(rows.table("rule-said", t("rules.history", count=len(said)), columns, body))


def _what(one: Kept, known: Rules, own: words.Names) -> str:
    if one.is_removed or (one.is_default and not one.is_changed):
        return escape(t("rules.history_default" if one.is_default else "rules.history_removed"))
    return escape(_stands(one.rule, known, own))


def _stands(rule: Rule, known: Rules, own: words.Names) -> str:
    told = [
        words.condition(rule, known.currency, own),
        t("rules.history_level", level=t(f"risk.level_{levels.level(rule.likelihood, rule.impact)}")),
    ]
    return i18n.listed([*told, *([] if rule.is_on else [t("rules.off")])], long=True)
