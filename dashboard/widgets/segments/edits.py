"""Changing the conditions of a segment or tag that is kept: what they began from, and what to do where somebody else was faster.

The address carries the revision that a draft began from. Where another one stands by now, and says something else, nothing is
written over in silence: both are told, and whoever changes it chooses.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from core.errors import Unknown
from dashboard import addresses, i18n, markdown
from dashboard.actions import guard, segments, tags
from dashboard.data import freshness, saved_segments, saved_tags
from dashboard.data.saved_segments import Saved
from dashboard.data.saved_tags import Named
from dashboard.i18n import t
from dashboard.widgets.segments import draft, links, saving, words
from dashboard.widgets.segments.trying import tried

OF, OF_TAG = "sg_edit", "sg_tag"
"""Where the address says whose conditions are being changed."""
SINCE = "sg_rev"
"""Where it says from which revision of them the draft began."""


def link(kept: Saved | Named) -> str:
    """The builder with the conditions as they are, to change them. Raises ``Overlong``."""
    key, number = (OF, kept.segment_id) if isinstance(kept, Saved) else (OF_TAG, kept.tag_id)
    return f"?part=build&{links.PARAMETER}={links.packed(kept.tree)}&{key}={number}&{SINCE}={kept.revision}"


def edited() -> Saved | Named | None:
    """The segment or tag whose conditions the address says are being changed; what cannot be changed is told as unread."""
    if not guard.may("segment.write"):
        return None
    for key, read in ((OF, saved_segments.one), (OF_TAG, saved_tags.one)):
        text = st.query_params.get(key)
        if text is None:
            continue
        try:
            found: Saved | Named | None = read(int(text))
        except (ValueError, Unknown):
            found = None
        if found is not None and _can_change(found):
            return found
        addresses.leave_out(key, text)
        st.query_params.pop(key, None)
    return None


def _can_change(found: Saved | Named) -> bool:
    if isinstance(found, Named):
        return found.may_change and found.tree is not None
    return found.is_own and not found.is_archived and found.kind == "live"


def is_outrun(kept: Saved | Named, definition: Mapping[str, Any]) -> bool:
    """Whether the draft began from other conditions than those that stand, and says something else than they do. One that says what
    they do begins from them."""
    if definition == kept.tree:
        _begin(kept.revision)
    return st.query_params.get(SINCE) != str(kept.revision)


def _begin(revision: int) -> None:
    if st.query_params.get(SINCE) != str(revision):
        st.query_params[SINCE] = str(revision)


def button(kept: Saved | Named, definition: Mapping[str, Any]) -> None:
    """Puts the draft in place of the conditions that it began from."""
    st.button(
        t("segments.save_change", name=markdown.escaped(i18n.cut(kept.name, 20))), icon=":material/save:", type="primary", key="sg_change",
        on_click=_change, args=(kept, dict(definition)),
    )  # fmt: skip


def conflict(kept: Saved | Named, definition: Mapping[str, Any], *, is_whole: bool) -> None:
    """What stands now beside the draft, and the choice between them. ``is_whole``: whether every condition is filled in."""
    assert kept.tree is not None
    name = markdown.escaped(i18n.cut(kept.name, 20))
    with st.container(border=True, key="card_sg_conflict", gap="small"):
        at = i18n.moment(kept.changed_at, freshness.read(saved_segments.SEE).zone)
        st.warning(t("segments.conflict", name=name, by=markdown.escaped(kept.changed_by or i18n.UNDEFINED), at=at))
        pair = (("theirs", words.told(kept.tree)), ("mine", words.told(definition)))
        told = (
            f'<div id="sg-{one}"><dt>{escape(t(f"segments.conflict_{one}"))}</dt><dd>{escape(said)}</dd></div>'
            for one, said in pair
        )
        st.html(f'<dl class="versions">{"".join(told)}</dl>')
        with st.container(horizontal=True, gap="small", key="sg_choosing"):
            st.button(
                t("segments.conflict_take_mine"), icon=":material/save:", key="sg_take_mine", on_click=_change,
                args=(kept, dict(definition)), disabled=not is_whole, help=None if is_whole else t("segments.save_unfilled"),
            )  # fmt: skip
            st.button(
                t("segments.conflict_take_theirs"), icon=":material/undo:", key="sg_take_theirs", on_click=_take,
                args=(dict(kept.tree), kept.revision),
            )  # fmt: skip


# -- changes -----------------------------------------------------------------------------------------------------------


def _take(tree: dict[str, Any], revision: int) -> None:
    draft.fill(tree)
    _begin(revision)


def _change(kept: Saved | Named, definition: dict[str, Any]) -> None:
    """As long as it still is what was shown; else both are told again."""
    if isinstance(kept, Named):
        tag = tried(lambda: tags.change(kept.tag_id, kept.revision, definition=definition))
        if tag is not None:
            guard.note(t("segments.saved_change_tag", name=tag.name))
            saving.open_kept("tags", "tg", tag.id)
            draft.forget()
        return
    sentence = words.told(definition)
    segment = tried(lambda: segments.change(kept.segment_id, kept.revision, definition=definition, sentence=sentence))
    if segment is not None:
        guard.note(t("segments.saved_change", name=segment.name, count=i18n.number(segment.member_count)))
        saving.open_kept("list", "sg", segment.id)
        draft.forget()
