"""What parts of the Scores page have in common: whom they are of, why there may be none, and the rules they go by."""

import streamlit as st

from core.errors import UnfitForScores
from dashboard import i18n
from dashboard.data import scores
from dashboard.data.scores import Answer, Scores
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.parts import Asked
from dashboard.widgets.scores import words


def dated(asked: Asked) -> Asked:
    """Scores are of the newest day, whatever the period."""
    return asked.over(t("scores.as_of", on=i18n.day(asked.known.as_of_on)))


def read(asked: Asked, card: str, wanted: scores.Asked | None = None) -> Answer[Scores] | None:
    """Scores by the model that the page asks for, or by another one; None where there are none, which is told in the card of that name."""
    own = wanted or words.asked()
    try:
        answer = scores.found(asked.filters, own)
    except UnfitForScores as error:
        with st.container(border=True, key=card):
            st.html(heading.section(t("scores.refused"), words.refused(error), "scores-refused"))
            words.choices(own)
        return None
    if answer is None:
        heading.empty(t("scores.nobody"), t("scores.nobody_lead"))
    else:
        _late(answer, asked)
    return answer


def _late(answer: Answer[Scores], asked: Asked) -> None:
    """That members are scored as of an older day than that of the newest data, because what decides the outcome ends there."""
    newest = scores.cutoff(answer.found.cutoff_on)
    if asked.known.as_of_on is not None and newest < asked.known.as_of_on:
        of = "activity" if answer.found.asked.target == "churn_activity" else "orders"
        st.html(heading.line(t(f"scores.late_{of}", on=i18n.day(newest))))


def contract(found: Scores) -> list[str]:
    """Rules that every part about a model goes by."""
    window = found.model.window
    return [
        t("scores.rule_who", who=words.who(found.asked), event=words.event(found.asked)),
        t("scores.rule_features", count=len(found.model.logistic.names)),
        t("scores.rule_model", penalty=i18n.number(scores.PENALTY, 1)),
        t(
            "scores.rule_time",
            cutoffs=i18n.listed(i18n.day(day) for day in window.training),
            test=i18n.day(window.test),
        ),
        t("scores.rule_calibrated" if found.model.is_calibrated else "scores.rule_uncalibrated"),
        t("scores.rule_places"),
        t("scores.rule_gate", rows=scores.FEWEST_ROWS, each=scores.FEWEST_OF_EACH),
        t("scores.rule_live" if found.model.model_id else "scores.rule_fresh", number=found.model.model_id or 0),
    ]
