"""One segment: who they are, how many, over time, whom one can reach, and what can be done with it."""

from html import escape
from typing import Any

import streamlit as st

from dashboard import addresses, charts, i18n
from dashboard.actions import guard
from dashboard.actions import segments as actions
from dashboard.data import freshness
from dashboard.data import saved_segments as data
from dashboard.data import segments as fitting
from dashboard.data.saved_segments import Saved, Size
from dashboard.data.segments import Move
from dashboard.i18n import t
from dashboard.widgets import behind, heading, opening
from dashboard.widgets.behind import Behind
from dashboard.widgets.campaigns import words as campaign_words
from dashboard.widgets.opening import Places
from dashboard.widgets.segments import edits, links, outcome, reach, shelf, size_chart, words
from dashboard.widgets.segments.trying import tried
from dashboard.widgets.tiles import Way

PAGES = ("overview", "funnels", "retention", "lifecycle", "paths", "community", "content", "channels", "value")
"""Pages that can be cut by a segment."""
RENAME = "sg_rename"
MOVES = ("came", "gone")


def show(one: Saved, places: Places) -> None:
    definition = data.whole(one.segment_id)
    with st.container(border=True, key="card_sg_one", gap="small"):
        _head(one)
        st.html(outcome.said(sentence(one)))
        answer = outcome.measured(definition)
        if answer is not None:
            with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="sg_outcome"):
                st.html(outcome.count(answer))
                outcome.contract(answer)
        _doing(one, places.of)
        st.html(_ways(one) + opening.back("segment", places.of, places.people, words="segments.close"))
    if answer is None:
        return
    if one.sizes and len(one.sizes) > 1:
        _history(one)
    reach.show(definition, outcome.WHO)
    behind.open_asked(lambda text: _people(one, definition, text), lambda: t("segments.everybody"), outcome.WHO)


def sentence(one: Saved) -> str:
    """Who they are, in the reader's language."""
    return words.origin(one.origin, one.sentence) if one.tree is None else words.told(one.tree)


def _head(one: Saved) -> None:
    zone = freshness.read(data.SEE).zone
    words = t(
        "segments.one_lead",
        kind=t(f"segments.of_kind_{one.kind}"),
        owner=one.owner,
        at=i18n.moment(one.created_at, zone),
    )
    archived = f"{t('segments.is_archived')} " if one.is_archived else ""
    st.html(heading.section(one.name, archived + words, "sg-one"))


def _ways(one: Saved) -> str:
    """Other pages with only these people, and the builder with its conditions."""
    world = addresses.only("world")
    pages = "".join(
        f'<a href="/{page}?{escape(world)}segment={one.segment_id}">{escape(t(f"{page}.title"))}</a>'
        for page in PAGES
        if not one.is_archived
    )
    title = escape(t("segments.use_as_filter"))
    return f'<nav class="pills" aria-label="{title}" id="sg-filter"><p>{title}</p>{pages}</nav>' if pages else ""


def _doing(one: Saved, of: str) -> None:
    if not guard.may("segment.write"):
        return
    if not one.is_own:
        st.caption(t("segments.not_own"))
        return
    with st.container(horizontal=True, gap="small", key="sg_doing"):
        if one.is_archived:
            shelf.bringing_back(of, one.name, lambda: actions.restore(one.segment_id))
            return
        if guard.may("campaign.write"):
            address, means = campaign_words.to_new(one.segment_id), t("campaigns.to_campaign_means")
            st.html(Way(t("campaigns.to_campaign"), address, "box", means).html("sg-campaign"), width="content")
        if one.tree is not None:
            st.html(Way(t(f"segments.edit_{one.kind}"), _builder(one), "box").html("sg-edit"), width="content")
        _renaming(one)
        if one.kind == "live":
            _snapshot(one)
        shelf.putting_away(
            of, one.name, lambda: data.used_by(one.segment_id), lambda: actions.archive(one.segment_id), t("segments.archive_means")
        )  # fmt: skip


def _builder(one: Saved) -> str:
    """The builder with the conditions; those of a snapshot begin another segment."""
    assert one.tree is not None
    return edits.link(one) if one.kind == "live" else f"?part=build&{links.PARAMETER}={links.packed(one.tree)}"


def _renaming(one: Saved) -> None:
    fold = st.popover(t("segments.rename"), icon=":material/edit:", key="sg_rename_fold", on_change="rerun")
    if fold.open:
        with fold, st.form("sg_rename_form", border=False):
            st.text_input(t("segments.name"), one.name, max_chars=data.LONGEST_NAME, key=RENAME)
            st.form_submit_button(t("segments.rename"), on_click=_rename, args=(one,))


def _snapshot(one: Saved) -> None:
    fold = st.popover(t("segments.snapshot"), icon=":material/photo_camera:", key="sg_snapshot_fold", on_change="rerun")
    if fold.open:
        with fold, st.form("sg_snapshot_form", border=False):
            st.caption(t("segments.save_static_means"))
            today = i18n.day(freshness.read(data.SEE).as_of_on)
            st.text_input(
                t("segments.name"),
                f"{one.name} {today}"[: data.LONGEST_NAME],
                max_chars=data.LONGEST_NAME,
                key="sg_snapshot_name",
            )
            st.form_submit_button(t("segments.snapshot"), on_click=_take, args=(one,))


def _history(one: Saved) -> None:
    sizes, zone = one.sizes or (), freshness.read(data.SEE).zone
    with st.container(border=True, key="card_sg_history"):
        st.html(heading.section(t("segments.history"), t("segments.history_lead")))
        key = f"{one.segment_id}|{len(sizes)}|{sizes[-1].at}"
        charts.show("segment_sizes", key, lambda: size_chart.of(sizes, zone), alt=t("segments.history"))
        if moved := _moves(sizes[-1], zone):
            st.html(moved)


def _moves(last: Size, zone: str) -> str:
    """Who came and who left by the last size; nothing where that is not known, as of the first size of other conditions."""
    if last.added is None or last.left is None:
        return ""
    begins = behind.link(outcome.WHO)
    counts: dict[Move, int] = {"came": last.added, "gone": last.left}
    ways = (
        way
        for move, count in counts.items()
        for way in behind.way(begins, move, t(f"segments.move_{move}", count=i18n.number(count)), count)
    )
    words = t("segments.moved", added=i18n.number(last.added), left=i18n.number(last.left))
    at = escape(t("segments.moved_by", moved=words, at=i18n.moment(last.at, zone)))
    return f'<div class="counted" id="sg-moves"><span>{at}</span>{"".join(ways)}</div>'


def _people(one: Saved, definition: dict[str, Any], text: str) -> Behind | None:
    last = one.sizes[-1] if one.sizes else None
    if text in MOVES and last is not None:
        move: Move = "came" if text == "came" else "gone"
        moved = last.added if move == "came" else last.left
        title = t(f"segments.move_{move}", count=i18n.number(moved))
        return (
            Behind(title, sentence(one), lambda: fitting.people_of_move(one.segment_id, last.at, move, moved or 0))
            if moved
            else None
        )
    if text != outcome.FIT:
        return reach.people(definition, text)
    count = fitting.counted(definition).found.members
    if not count:
        return None
    return Behind(one.name, sentence(one), lambda: fitting.people_of(definition, count))


# -- changes -----------------------------------------------------------------------------------------------------------


def _rename(one: Saved) -> None:
    kept = tried(lambda: actions.change(one.segment_id, one.revision, name=st.session_state[RENAME], was=one.name))
    if kept is not None:
        guard.note(t("segments.renamed", name=kept.name))
        st.session_state["sg_rename_fold"] = False


def _take(one: Saved) -> None:
    assert one.tree is not None
    tree, name = dict(one.tree), st.session_state["sg_snapshot_name"]
    kept = tried(lambda: actions.save_static(name, tree, sentence(one)))
    if kept is not None:
        guard.note(t("segments.saved_static", name=kept.name, count=i18n.number(kept.member_count)))
        st.session_state["sg_snapshot_fold"] = False
        st.query_params["sg"] = str(kept.id)
