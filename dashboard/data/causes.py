"""Why members leave and whom to call back, for the page about who leaves and who buys."""

import pandas as pd
from babel.numbers import get_currency_precision

from core.metrics.causes import AFTER_DAYS, CAUSES, FEW_MESSAGES, FIGURES, SUMS, TELLING, WINDOW_DAYS
from core.work.questions import callbacks, playbooks
from core.work.questions.callbacks import ALL, ANSWERED_DAYS, KEYS, SEEN_DAYS, SILENT_DAYS, UNKNOWN, Board
from core.work.questions.playbooks import BY, LONGEST, MOST_DAYS, MOST_STEPS, WHO, Step
from core.work.questions.scores import RISKS, Asked
from dashboard.actions import guard
from dashboard.data import answers, people, worlds
from dashboard.data.answers import Answer
from dashboard.data.people import People
from dashboard.data.rows import SMALL, Row
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "AFTER_DAYS", "ALL", "ANSWERED_DAYS", "BY", "CAUSES", "FEW_MESSAGES", "KEYS", "LONGEST", "MOST_DAYS", "MOST_STEPS", "RISKS", "SMALL", "SUMS", "UNIT", "SEEN_DAYS", "SILENT_DAYS", "TELLING", "UNKNOWN", "WHO",
    "WINDOW_DAYS", "Answer", "Asked", "Board", "Filters", "People", "Row", "Step", "calls", "evidence", "exported", "found", "links", "people_of", "steps",
]  # fmt: skip

SEE = "scores.see"
UNIT = {one.name: one.unit for one in FIGURES}
"""Of each figure that evidence is told by."""
links = people.links


def found(filters: Filters, asked: Asked) -> Answer[Board] | None:
    """None where nobody is at risk. Raises ``Forbidden``."""
    return answers.read(SEE, "causes", filters, asked, lambda lake: callbacks.board(lake, asked))


def people_of(filters: Filters, asked: Asked, which: str, figure: int) -> People:
    """Raises ``Forbidden`` and ``Unknown``."""
    told = {"which": which, "target": asked.target, "days": asked.days}
    return answers.people(
        "causes", filters, told, unit="money", figure=figure, ask=lambda lake: callbacks.behind(lake, asked, which)
    )


def evidence(answer: Answer[Board], row: Row) -> list[Row]:
    """Of a cause; where fewer than ``SMALL`` have it, for those alone who may see who they are."""
    if row["members"] < SMALL and not guard.may("people.see"):
        return []
    return [one for one in answer.rows("evidence") if one["key"] == row["key"]]


def calls(answer: Answer[Board], key: str) -> pd.DataFrame:
    """Members to call back, of a cause or of all. Raises ``Forbidden``."""
    guard.require("people.see")
    frame = answer.found.calls
    return frame if key == ALL else frame[frame["key"] == key]


def exported(answer: Answer[Board], rows: pd.DataFrame, written: pd.DataFrame) -> pd.DataFrame:
    """All of them for a file: short name, full number as text, and what stands beside on screen. ``written``: the table on screen but for its column of members. Amounts in major units."""
    named = pd.DataFrame(
        {"member": people.labels(rows["member_id"]), "member_id": rows["member_id"].astype(str).tolist()}
    )
    scale = 10 ** get_currency_precision(answer.currency)
    amounts = {name: (rows[name] / scale).tolist() for name in ("worth_minor", "at_stake_minor")}
    told = {name: amounts.get(name, written[name].tolist()) for name in written}
    return named.assign(**told)


def steps() -> tuple[dict[str, tuple[Step, ...]], frozenset[str]]:
    """Steps by cause, and whose the house wrote itself. Raises ``Forbidden``."""
    guard.require(SEE)
    home = worlds.home()

    def read() -> tuple[dict[str, tuple[Step, ...]], frozenset[str]]:
        with home.store.reading() as session:
            return playbooks.of(session)

    return kept.while_unwritten(home.store, ("playbooks", home.world), read)
