"""What people answer when they are asked, and what they complain of (product.md 5.1, 5.3). Expressions over ``feedback``.

Net promoter score: share of answers 9-10 less share of answers 0-6 (F. F. Reichheld, The one number you need to grow, Harvard Business
Review, December 2003), as the metric ``nps`` of the catalogue has it; told in hundredths. The others are marks of 1 to 5, of which 4 and
more are satisfied, 2 and less are not. Every answer counts, also several of one person.
"""

from typing import Literal

import ibis
import ibis.expr.types as ir

Survey = Literal["nps", "satisfaction", "service", "trust"]
SURVEYS: tuple[Survey, ...] = ("nps", "satisfaction", "service", "trust")
TROUBLES = ("complaint", "dispute")
PROMOTERS, DETRACTORS = 9, 6
"""NPS answers from which somebody promotes, and up to which somebody detracts."""
HAPPY, LOW = 4, 2
ENDS = (1.0, 5.0)
HIGHEST = {"nps": (0, 10), "satisfaction": (1, 5), "service": (1, 5), "trust": (1, 5)}
Grain = Literal["week", "month"]


def answers(rows: ir.Table) -> ir.Table:
    """Answers with a score: the rows of ``feedback`` with ``survey``, ``score`` as a number, and ``standing``: 1 promoter or satisfied, -1
    detractor or dissatisfied, 0 neither."""
    found = rows.filter(rows.feedback_kind.isin(SURVEYS) & rows.score.notnull())
    score = found.score.cast("float64")
    is_nps = found.feedback_kind == "nps"
    up, down = ibis.ifelse(is_nps, PROMOTERS, HAPPY), ibis.ifelse(is_nps, DETRACTORS, LOW)
    standing = ibis.cases((score >= up, 1), (score <= down, -1), else_=0)
    return found.mutate(survey=found.feedback_kind, score=score, standing=standing)


def figures(answers: ir.Table, *by: str) -> ir.Table:
    """Per survey and ``by``: ``answers``; ``up``, ``middle`` and ``down`` of them; ``score_sum``, ``score_squares``."""
    return answers.group_by(["survey", *by]).aggregate(
        answers=answers.count(),
        up=(answers.standing == 1).cast("int64").sum(),
        middle=(answers.standing == 0).cast("int64").sum(),
        down=(answers.standing == -1).cast("int64").sum(),
        score_sum=answers.score.sum(),
        score_squares=(answers.score * answers.score).sum(),
    )


def distribution(answers: ir.Table) -> ir.Table:
    """Per survey and whole score (halves count with the one below): ``answers``."""
    rows = answers.mutate(whole=answers.score.floor().cast("int64"))
    return rows.group_by("survey", "whole").aggregate(answers=rows.count())


def bucketed(rows: ir.Table, grain: Grain) -> ir.Table:
    """Rows with ``on``: the Monday of their ISO week, or the first of their month."""
    return rows.mutate(on=rows.local_date.truncate("W" if grain == "week" else "M").cast("date"))


def troubles(rows: ir.Table) -> ir.Table:
    """Complaints and disputes: the rows of ``feedback`` with ``kind`` and ``category``, empty where none is told."""
    found = rows.filter(rows.feedback_kind.isin(TROUBLES))
    return found.mutate(kind=found.feedback_kind, category=found.category.fill_null(""))
