"""What staff, customers and the authority are told: a template, its gaps, and the record of what a person told by their own means."""

from functools import partial
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.actions import incidents as actions
from dashboard.data import incidents
from dashboard.data.incidents import GAP, Template, Whole
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.incidents import forms, words

OWN = ""
"""Instead of a template: words of one's own."""
MOST_FILLED = 500
"""Letters of what is filled into one gap."""


def compose(whole: Whole, name: str, audience: str | None = None) -> None:
    """``audience``: the one that it is for; None: the writer chooses. ``name``: begins the names of its fields."""
    st.caption(t("incidents.message_lead"))
    if audience is None:
        labels = {one: t(f"incidents.audience_{one}") for one in incidents.AUDIENCES}
        key = forms.key(whole, f"{name}_audience")
        audience = st.radio(
            t("incidents.audience"), list(labels), format_func=labels.__getitem__, key=key, horizontal=True
        )
    left, right = st.columns([2, 1])
    languages = {one: i18n.NAMES[one] for one in i18n.LANGUAGES}
    at = i18n.LANGUAGES.index(i18n.language())
    language = right.selectbox(
        t("incidents.language"),
        list(languages),
        at,
        format_func=languages.__getitem__,
        key=forms.key(whole, f"{name}_language"),
    )
    known = {key: one for key, one in incidents.templates(language).items() if one.audience == audience}
    titles = {key: one.title for key, one in known.items()} | {OWN: t("incidents.own_words")}
    chosen = left.selectbox(
        t("incidents.template"),
        list(titles),
        format_func=titles.__getitem__,
        key=forms.key(whole, f"{name}_template_{audience}"),
    )
    if chosen:
        body = _filled(whole, name, known[chosen], language)
        _preview(body)
    else:
        body = st.text_area(
            t("incidents.message"), max_chars=incidents.LONGEST * 2, key=forms.key(whole, f"{name}_body"), height=140
        )
    _recording(whole, name, audience, body)


def _filled(whole: Whole, name: str, template: Template, language: i18n.Language) -> str:
    """The message, with a field for each place that the incident does not tell."""
    values = _told(whole, language)
    if template.audience != "staff":
        values["what"] = ""  # what the house calls it means nothing to anybody outside
    open_places = [one for one in template.places if not values.get(one)]
    if open_places:
        st.caption(t("incidents.fill"))
    columns = st.columns(min(2, len(open_places))) if open_places else []
    for number, place in enumerate(open_places):
        key = forms.key(whole, f"{name}_fill_{place}")
        values[place] = columns[number % len(columns)].text_input(
            t(f"incidents.fill_{place}"), max_chars=MOST_FILLED, key=key
        )
    return incidents.draft(template.key, language, values)


def _told(whole: Whole, language: i18n.Language) -> dict[str, str]:
    """What the incident says by itself, in the language of the message."""
    case, say = whole.case, partial(i18n.text, language)
    named = [_place(one, language) for one in case.places]
    paused = [_paused(one.kind, one.key, language) for one in whole.holds if one.released_at is None]
    between = "、" if language == "zh" else ", "
    return {
        "number": str(case.id), "what": case.title, "began_on": case.first_on.isoformat(), "scope": between.join(named),
        "severity": say(f"incidents.severity_{case.severity}"), "owner": case.owner, "due": "" if case.due_at is None else words.moment(case.due_at),
        "paused": between.join(paused) or say("incidents.paused_nothing"), "cause": whole.cause, "lessons": whole.lessons,
    }  # fmt: skip


def _place(place: tuple[str, str, str], language: i18n.Language) -> str:
    by, key, name = place
    if not by:
        return i18n.text(language, "watched.house")
    return i18n.text(language, f"channel.{key}") if by == "channel" else name or key


def _paused(kind: str, key: str, language: i18n.Language) -> str:
    if kind == "all":
        return i18n.text(language, "incidents.paused_all")
    name = i18n.text(language, f"channel.{key}") if kind == "channel" else incidents.campaigns().get(key, key)
    return i18n.text(language, f"incidents.paused_{kind}", name=name)


def _preview(body: str) -> None:
    """With every gap marked; once there is none, as text that is copied by one click."""
    gaps = body.count(GAP)
    if not gaps:
        st.code(body, language=None, wrap_lines=True)
        return
    marked = escape(body).replace(GAP, f"<mark>{GAP}</mark>")
    st.html(
        f'<div class="draft" role="region" aria-label="{escape(t("incidents.preview"))}">{marked}</div>{heading.line(t("incidents.gaps", count=gaps))}'
    )


def _recording(whole: Whole, name: str, audience: str, body: str) -> None:
    def write() -> str:
        by = str(forms.field(whole, f"{name}_by"))
        actions.told(whole.case.id, audience, by, body, revision=whole.case.revision)
        return t("incidents.told", audience=t(f"incidents.audience_{audience}"))

    with st.form(forms.key(whole, f"{name}_form"), border=False):
        st.text_input(
            t("incidents.told_by"),
            max_chars=actions.LONGEST_KEY,
            key=forms.key(whole, f"{name}_by"),
            help=t("incidents.told_by_help"),
        )
        forms.send(whole, name, t("incidents.told_do"), write, disabled=not body.strip() or GAP in body)
