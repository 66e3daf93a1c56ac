"""Why members who are likely to leave do so: causes with their evidence and the way to the people, what to do about each, and whom to call back first."""

from functools import partial

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import causes
from dashboard.data.causes import ALL, CAUSES, UNKNOWN, Answer, Board, Row
from dashboard.data.causes import Asked as Score
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.parts import Asked
from dashboard.widgets.scores import causes_calls, causes_playbook, scored, words
from dashboard.widgets.scores import causes_words as told
from dashboard.widgets.tiles import Tile

CAUSE = "ca_cause"
"""Where the address says of which cause the playbook and the list are."""
KEYS = (*words.KEYS, CAUSE)
WIDTH = 210
MOST_EVIDENCE = 3


def show(asked: Asked) -> None:
    chosen = words.asked()
    own = chosen if chosen.target != "conversion" else Score("churn_order", chosen.days)
    asked = scored.dated(asked)
    answer = causes.found(asked.filters, own)
    if answer is None:
        if scored.read(asked, "card_causes", own) is not None:
            heading.empty(t("causes.nobody"), t("causes.nobody_lead"))
        return
    with st.container(border=True, key="card_causes"):
        _head(answer, asked)
        words.choices(chosen)
        if chosen.target == "conversion":
            st.html(heading.line(t("causes.of_churn")))
        st.html(
            tiles.wall([_everybody(answer), *(_tile(answer, row) for row in answer.rows())], WIDTH)
            + behind.forbidden(behind.link())
        )
    cause = choice.read(CAUSE, (ALL, *CAUSES))
    with st.container(border=True, key="card_playbooks"):
        st.html(heading.section(t("causes.playbooks"), t("causes.playbooks_lead"), "playbooks"))
        _choice(cause)
        causes_playbook.show(cause)
    with st.container(border=True, key="card_calls"):
        causes_calls.show(answer, cause)
    behind.open_asked(lambda text: _behind(asked, own, answer, text), asked.in_words)


def _choice(cause: str) -> None:
    labels = {ALL: t("causes.every")} | {one: t(f"causes.{one}") for one in CAUSES}
    beside = addresses.beside(CAUSE, behind.PARAMETER)
    st.html(choice.fields([Choice(CAUSE, t("causes.cause"), labels, cause)], beside))


def _head(answer: Answer[Board], asked: Asked) -> None:
    found = answer.found
    rows = {row["key"]: row["members"] for row in answer.rows()}
    known = found.members - rows[UNKNOWN]
    members = i18n.number(found.members)
    if found.asked is None:
        lead = t(
            "causes.lead_silent",
            members=members,
            known=i18n.number(known),
            days=causes.SILENT_DAYS,
            most=causes.SEEN_DAYS,
        )
    else:
        first = i18n.share(causes.RISKS[0], 0)
        lead = t("causes.lead", members=members, known=i18n.number(known), first=first, event=words.event(found.asked))
    lines = [
        t("causes.rule_risk", first=i18n.share(causes.RISKS[0], 0), days=causes.SILENT_DAYS, most=causes.SEEN_DAYS),
        t("causes.rule_window", days=causes.WINDOW_DAYS, after=causes.AFTER_DAYS),
        t("causes.rule_strength", telling=i18n.number(causes.TELLING)),
        *(
            i18n.explained(f"**{t(f'causes.{one}')}**", t(f"causes.means_{one}", few=causes.FEW_MESSAGES))
            for one in CAUSES
        ),
        t("causes.rule_stake"),
    ]
    behind.head("causes", heading.section(t("causes.title"), lead, "causes"), answer, lines, asked.in_words)


def _everybody(answer: Answer[Board]) -> Tile:
    members = answer.found.members
    below = [_at_stake(answer, sum(row["at_stake_minor"] for row in answer.rows()))]
    return Tile(
        "cause-all", t("causes.at_risk"), i18n.number(members), "", t("causes.means_at_risk"), tiles.lines(*below),
        behind.way(behind.link(), ALL, t("causes.way"), members),
    )  # fmt: skip


def _at_stake(answer: Answer[Board], minor: int) -> str:
    if not answer.found.is_worth_told:
        return ""
    return t("causes.at_stake", amount=i18n.compact_money(minor, answer.currency))


def _tile(answer: Answer[Board], row: Row) -> Tile:
    key, begins = row["key"], behind.link()
    evidence = [one for one in causes.evidence(answer, row) if one["figure"] not in causes.SUMS][:MOST_EVIDENCE]
    share = None if answer.found.members < causes.SMALL else row["share"]
    below = [told.beside_usual(one["figure"], one["value"], one["usual"]) for one in evidence]
    if row["members"]:
        below.append(_at_stake(answer, row["at_stake_minor"]))
    meaning = (
        t("causes.means_none", telling=i18n.number(causes.TELLING))
        if key == UNKNOWN
        else t(f"causes.means_{key}", few=causes.FEW_MESSAGES)
    )
    return Tile(
        f"cause-{key}", t(f"causes.{key}"), i18n.number(row["members"]), i18n.share(share), meaning, tiles.lines(*below),
        behind.way(begins, key, t("causes.way"), row["members"]),
    )  # fmt: skip


def _behind(asked: Asked, own: Score, answer: Answer[Board], text: str) -> Behind | None:
    counts = {row["key"]: row["members"] for row in answer.rows()} | {ALL: answer.found.members}
    if not counts.get(text):
        return None
    cause = t("causes.every" if text == ALL else f"causes.{text}")
    read = partial(causes.people_of, asked.filters, own, text, counts[text])
    return Behind(t("causes.people", cause=cause), t("causes.people_meaning"), read)
