"""标签: all tags, making one, and one of them opened: who has it, giving and taking it, and every change of it."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import guard
from dashboard.actions import tags as actions
from dashboard.data import freshness, saved_segments
from dashboard.data import saved_tags as data
from dashboard.data import segments as fitting
from dashboard.data.saved_tags import Change, Named
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading, names, opening
from dashboard.widgets.behind import Behind
from dashboard.widgets.opening import Places
from dashboard.widgets.segments import edits, outcome, saving, shelf, words
from dashboard.widgets.segments.trying import tried
from dashboard.widgets.tiles import Way

OF, KIND = "tg", "tg_kind"
PLACES = Places(OF, outcome.WHO)
KINDS = ("all", "static", "behavioural", "predicted", "archived")
NEW_NAME, NEW_DAYS, NEW_ENDS = "tg_new_name", "tg_new_days", "tg_new_ends"
USUAL_DAYS = 90
_OFFERED = "_tg_undo_offered"


def show() -> None:
    kind = choice.read(KIND, KINDS)
    every = data.listed(archived=kind == "archived")
    shown = [one for one in every if kind in ("all", "archived") or one.kind == kind]
    with st.container(border=True, key="card_tg_list"):
        _head(kind)
        of = addresses.opened(OF, {str(one.tag_id) for one in shown})
        if shown:
            _table(shown, of)
        else:
            st.html(heading.line(t("segments.no_tags" if kind == "all" else "segments.no_tags_of_kind")))
    if of is not None:
        _one(next(one for one in shown if str(one.tag_id) == of), archived=kind == "archived")


def _head(kind: str) -> None:
    may = guard.may("segment.write")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="tg_list_head"):
        st.html(
            heading.section(t("segments.part_tags"), t("segments.tags_lead"))
            + choice.row(choice.among(KIND, "segments.tag_kind", KINDS, kind), addresses.only("part"))
        )
        if may:
            fold = st.popover(t("segments.new_tag"), icon=":material/new_label:", key="tg_new", on_change="rerun")
            if fold.open:
                with fold:
                    _new()


def _new() -> None:
    st.caption(t("segments.tag_kind_static_means"))
    st.text_input(
        t("segments.name"),
        max_chars=data.LONGEST_NAME,
        key=NEW_NAME,
        persist_state="session",
        placeholder=t("segments.tag_hint"),
    )
    st.toggle(t("segments.tag_ends"), key=NEW_ENDS, persist_state="session", help=t("segments.tag_ends_means"))
    if st.session_state[NEW_ENDS]:
        st.session_state.setdefault(NEW_DAYS, USUAL_DAYS)
        st.number_input(t("segments.tag_days"), 1, data.LONGEST_DAYS, key=NEW_DAYS, persist_state="session")
    st.button(t("segments.create_tag"), type="primary", icon=":material/new_label:", key="tg_create", on_click=_create)
    by_rule = Way(t("segments.tag_by_rule"), f"?part=build&{saving.AS}=behavioural", "box").html("tg-by-rule")
    st.html(f'<div class="ways">{by_rule}</div>')


def _table(shown: Sequence[Named], of: str | None) -> None:
    zone = freshness.read(data.SEE).zone
    columns = {
        t("segments.tag"): pa.array([one.name for one in shown], pa.string()),
        t("segments.tag_kind"): pa.array([t(f"segments.tag_kind_{one.kind}") for one in shown], pa.string()),
        t("segments.size"): pa.array([one.member_count for one in shown], pa.int64()),
        t("segments.source"): pa.array([t(f"segments.source_{one.source}") for one in shown], pa.string()),
        t("segments.expiry"): pa.array([_ends(one) for one in shown], pa.string()),
        t("segments.counted_at"): pa.array([i18n.moment(one.counted_at, zone) for one in shown], pa.string()),
        t("segments.meaning"): pa.array([_rule(one) for one in shown], pa.string()),
        t("segments.owner"): pa.array([one.owner for one in shown], pa.string()),
    }
    config: dict[str, object] = {
        t("segments.tag"): st.column_config.TextColumn(width="medium"),
        t("segments.size"): st.column_config.NumberColumn(format="localized", help=t("segments.tag_size_means")),
        t("segments.meaning"): st.column_config.TextColumn(width="large"),
    }
    keys = [str(one.tag_id) for one in shown]
    name = f"tg_rows_{abs(hash((tuple(keys), of)))}"
    opening.show(pa.table(columns), name, keys, places=PLACES, of=of, alt=t("segments.part_tags"), config=config)


def _ends(one: Named) -> str:
    if one.kind != "static":
        return t("segments.ends_by_rule")
    return (
        t("segments.ends_never")
        if one.expires_after_days is None
        else t("segments.ends_after", days=one.expires_after_days)
    )


def _rule(one: Named) -> str:
    return t("segments.tag_by_hand") if one.tree is None else words.told(one.tree)


# -- one tag -----------------------------------------------------------------------------------------------------------


def _one(one: Named, *, archived: bool) -> None:
    definition = data.whole(one.tag_id)
    with st.container(border=True, key="card_tg_one", gap="small"):
        kind, source = t(f"segments.tag_kind_{one.kind}"), t(f"segments.source_{one.source}")
        is_usual = one.source == data.SOURCES[one.kind]  # then the kind says it
        lead = t("number.then").join((kind, one.owner, *(() if is_usual else (source,)), _ends(one)))
        st.html(heading.section(one.name, lead, "tg-one") + outcome.said(_rule(one)))
        answer = outcome.measured(definition)
        if answer is not None:
            st.html(outcome.count(answer))
        if guard.may("segment.write"):
            _doing(one, archived=archived)
        st.html(opening.back("tag", PLACES.of, PLACES.people, words="segments.close"))
    _writes(one)
    if answer is not None and answer.found.members:
        count = answer.found.members
        who = Behind(one.name, _rule(one), lambda: fitting.people_of(definition, count))
        behind.open_asked(
            lambda text: who if text == outcome.FIT else None, lambda: t("segments.everybody"), outcome.WHO
        )


def _doing(one: Named, *, archived: bool) -> None:
    with st.container(horizontal=True, gap="small", key="tg_doing"):
        if archived:
            shelf.bringing_back(OF, one.name, lambda: actions.restore(one.tag_id))
            return
        if one.kind == "static":
            for act in ("give", "take"):
                _handing(one, act)
        if not one.may_change:
            st.caption(t("segments.tag_not_own"))
            return
        if one.tree is not None:
            st.html(Way(t(f"segments.edit_{one.kind}"), edits.link(one), "box").html("tg-edit"), width="content")
        shelf.putting_away(
            OF, one.name, lambda: data.used_by(one.tag_id), lambda: actions.archive(one.tag_id), t("segments.archive_tag_means")
        )  # fmt: skip


def _handing(one: Named, act: str) -> None:
    """Give the tag to the members of a segment, or take it from them, with a reason."""
    icon = ":material/label:" if act == "give" else ":material/label_off:"
    fold = st.popover(t(f"segments.{act}"), icon=icon, key=f"tg_{act}_fold", on_change="rerun")
    if not fold.open:
        return
    with fold:
        called = names.apart({each.segment_id: each.name for each in saved_segments.listed()})
        if not called:
            st.write(t("segments.none_yet"))
            return
        key = f"tg_{act}_segment"
        if st.session_state.get(key) not in called:
            st.session_state[key] = next(iter(called))
        st.selectbox(
            t("segments.to_whom" if act == "give" else "segments.from_whom"),
            list(called),
            format_func=called.get,
            key=key,
        )
        count = fitting.counted(saved_segments.whole(st.session_state[key])).found.members
        st.caption(t("segments.people_now", count=i18n.number(count)))
        st.text_input(
            t("segments.reason"), key=f"tg_{act}_reason", max_chars=data.LONGEST_REASON, persist_state="session", placeholder=t("segments.reason_hint")
        )  # fmt: skip
        st.button(
            t(f"segments.{act}_now", count=i18n.number(count)), type="primary", key=f"tg_{act}", on_click=_hand, args=(one, act),
            disabled=not count,
        )  # fmt: skip


def _writes(one: Named) -> None:
    found, zone = data.writes(one.tag_id), freshness.read(data.SEE).zone
    with st.container(border=True, key="card_tg_writes"):
        st.html(heading.section(t("segments.writes"), t("segments.writes_lead")))
        columns = {
            t("segments.number_of"): pa.array([each.write_id for each in found], pa.int64()),
            t("segments.write"): pa.array([_action(each) for each in found], pa.string()),
            t("segments.size"): pa.array([each.members for each in found], pa.int64()),
            t("segments.at"): pa.array([i18n.moment(each.at, zone) for each in found], pa.string()),
            t("segments.by"): pa.array([each.by for each in found], pa.string()),
            t("segments.reason"): pa.array([each.reason or i18n.UNDEFINED for each in found], pa.string()),
            t("segments.standing"): pa.array(
                [t("segments.undone") if each.is_undone else "" for each in found], pa.string()
            ),
        }
        config: dict[str, object] = {t("segments.size"): st.column_config.NumberColumn(format="localized")}
        st.dataframe(pa.table(columns), hide_index=True, column_config=config, alt=t("segments.writes"))
        _undoing([each for each in found if each.can_be_undone], zone)


def _action(one: Change) -> str:
    return t("segments.action_undone" if one.undoes_id else f"segments.action_{one.action}")


def _undoing(some: Sequence[Change], zone: str) -> None:
    if not some:
        return
    labels = {
        one.write_id: t(
            "segments.write_told", number=one.write_id, count=i18n.number(one.members), at=i18n.moment(one.at, zone)
        )
        for one in some
    }
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="tg_undoing"):
        if state.get("tg_undo_of") not in labels or state.get(_OFFERED) != list(
            labels
        ):  # the newest, whenever there is another
            state["tg_undo_of"], state[_OFFERED] = some[0].write_id, list(labels)
        st.selectbox(t("segments.undo_which"), list(labels), format_func=labels.get, key="tg_undo_of", width=360)
        would = data.undoing(state["tg_undo_of"])
        st.button(
            t("segments.undo_write"),
            icon=":material/undo:",
            key="tg_undo",
            on_click=_undo,
            help=t("segments.undo_means"),
            disabled=not would.lost,
        )
    words = t("segments.undo_would", count=i18n.number(would.lost))
    st.caption(words + (t("segments.undo_keeps", count=i18n.number(would.kept)) if would.kept else ""))


# -- changes -----------------------------------------------------------------------------------------------------------


def _create() -> None:
    state = st.session_state
    days = state[NEW_DAYS] if state[NEW_ENDS] else None
    made = tried(lambda: actions.create(state[NEW_NAME], "static", expires_after_days=days))
    if made is not None:
        guard.note(t("segments.saved_tag", name=made.name))
        state[NEW_NAME], state["tg_new"] = "", False
        st.query_params[OF] = str(made.id)


def _hand(one: Named, act: str) -> None:
    state = st.session_state
    do = actions.give if act == "give" else actions.take
    done = tried(lambda: do(one.tag_id, segment_id=state[f"tg_{act}_segment"], reason=state[f"tg_{act}_reason"]))
    if done is not None:
        words = {"count": i18n.number(done.changed), "rest": i18n.number(done.unchanged), "name": one.name}
        ends = t("segments.ends_stay") if act == "give" and done.unchanged and one.expires_after_days else ""
        guard.note(t(f"segments.{act}_done", **words) + ends)
        state[f"tg_{act}_reason"], state[f"tg_{act}_fold"] = "", False


def _undo() -> None:
    done = tried(lambda: actions.undo(st.session_state["tg_undo_of"]))
    if done is not None:
        guard.note(t("segments.undo_done", count=i18n.number(done.changed)))
