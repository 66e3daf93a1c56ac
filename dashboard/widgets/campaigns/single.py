"""One campaign, opened: who it is, what came between, the rail of steps, and the step that the address names.

Each step is a file of its own, which draws the form that it is handed. What becomes of a campaign that is no draft any more (approval, progress, results) is drawn by ``beyond`` at the last step: there the
last word about it is said.
"""

from html import escape

import streamlit as st

from dashboard import i18n, markdown
from dashboard.actions import campaigns as actions
from dashboard.actions import guard
from dashboard.data import campaigns
from dashboard.data.campaigns import Found
from dashboard.i18n import t
from dashboard.widgets import choice, opening
from dashboard.widgets.campaigns import audience, beyond, content, edits, goal, offer, schedule, words
from dashboard.widgets.campaigns.edits import Form

DRAWN = {
    "goal": goal.show, "audience": audience.show, "content": content.show, "offer": offer.show, "schedule": schedule.show, "check": beyond.show,
}  # fmt: skip


def show(found: Found) -> None:
    step = choice.read(words.STEP, words.STEPS)
    form = edits.begin(found)
    st.html(opening.back("campaign", words.OF, words.STEP, words.VARIANT, words="campaigns.back"))
    with st.container(border=True, key="card_campaign", gap="small"):
        st.html(_head(found))
        if found.sent_back:
            st.warning(
                f"{t('campaigns.was_sent_back')} {markdown.escaped(found.sent_back)}",
                icon=":material/assignment_return:",
            )
        if not form.is_open:
            _closed(found, may_write=actions.may() and found.is_editable)
        st.html(_rail(form, step))
    edits.show_late(form)
    DRAWN[step](form)
    st.html(_foot(found, step))


def _head(found: Found) -> str:
    marks = " ".join([words.state(found.state), words.mark("plain", t(f"campaigns.purpose_{found.body.purpose}"))])
    saved = t(
        "campaigns.saved_by",
        by=found.changed_by,
        at=words.moment(found.changed_at),
        revision=i18n.number(found.revision),
    )
    begun = t("campaigns.begun_by", author=found.author)
    told = escape(t("number.then").join([saved, begun]))
    return (
        f'<div class="incident"><h2 id="campaign-title">{escape(found.name)} <small>{escape(found.code)}</small></h2><p>{marks}</p></div>'
        f'<p class="lead" id="campaign-saved" role="status">{told}</p>'
    )


def _closed(found: Found, *, may_write: bool) -> None:
    """Why nothing can be changed here, and the way to change it all the same."""
    told = "forbidden" if not actions.may() else "past" if not found.is_editable else found.state
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="campaign_closed"):
        st.html(f'<p class="lead">{escape(t(f"campaigns.closed_{told}"))}</p>', width="stretch")
        if may_write and found.state != "draft":
            st.button(
                t("campaigns.edit"), icon=":material/edit:", key="cp_edit", help=t("campaigns.edit_help"), on_click=_edit, args=(found,)
            )  # fmt: skip


@guard.guarded(actions.WRITE)
def _edit(found: Found) -> None:
    st.session_state[edits.editing(found)] = True


# -- the rail ----------------------------------------------------------------------------------------------------------


def _rail(form: Form, step: str) -> str:
    lacks = _lacks(form)
    items = []
    for place, one in enumerate(words.STEPS):
        count = sum(lacks.values()) if one == "check" else lacks.get(one, 0)
        is_early = one == "content" and not form.found.body.channels
        is_done = not count and not is_early and (one != "check" or form.found.state != "draft")
        how = "now" if one == step else "done" if is_done else "next"
        current = ' aria-current="step"' if one == step else ""
        whole = t("campaigns.rail_early" if is_early else "campaigns.rail_whole")
        told = t("campaigns.rail_lacks", count=i18n.number(count)) if count else whole
        below = (
            f'<small class="{"late" if count else "quiet"}">{escape(told)}</small>' if count or one != "check" else ""
        )
        items.append(
            f'<li class="{how}"{current}><a href="{words.link(form.campaign_id, one)}"><b aria-hidden="true">{place + 1}</b>'
            f"<span>{escape(t(f'campaigns.step_{one}'))}</span></a>{below}</li>"
        )
    return f'<ol class="rail linked" aria-label="{escape(t("campaigns.rail"))}">{"".join(items)}</ol>'


def _lacks(form: Form) -> dict[str, int]:
    """How many things each step lacks, findings that stand among them; nothing of one that was sent, for nobody mends it."""
    found: dict[str, int] = {}
    if not form.found.is_editable:
        return found
    for gap in campaigns.gaps(form.found.body):
        found[gap.step] = found.get(gap.step, 0) + 1
    if standing := len(campaigns.standing(form.found.body)):
        found["content"] = found.get("content", 0) + standing
    return found


def _foot(found: Found, step: str) -> str:
    place = words.STEPS.index(step)
    ways = []
    for name, other in (("before", place - 1), ("next", place + 1)):
        if 0 <= other < len(words.STEPS):
            to = words.STEPS[other]
            label = t(f"campaigns.{name}", step=t(f"campaigns.step_{to}"))
            ways.append(f'<a id="cp-{name}" class="box" href="{words.link(found.campaign_id, to)}">{escape(label)}</a>')
    return f'<div class="ways foot">{"".join(ways)}</div>'
