"""The register of risks as pages show it: what stands, how it came about, where each lies in the matrix, and what is to be looked at again.

It is of the whole house and tells nothing of members, so everybody who sees warnings reads it; who changes it must see all units.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, cast

from core.scope import Operator
from core.store import register
from core.store.register_tables import RISK_KINDS, RegisterRisk
from core.store.session import Session
from core.work.home import Home
from core.work.questions import drills, wordlists
from core.work.questions.today import Item, today_of

Kind = Literal["market", "operations", "technical", "legal"]
Treatment = Literal["avoid", "reduce", "transfer", "accept"]
State = Literal["open", "treated", "closed"]
Stage = Literal["now", "before", "after"]
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Described:
    """What somebody writes of a risk. ``likelihood``, ``impact``: 1 to 5, before anything is done; ``residual_…``: once the plan is carried out, both or
    neither. ``owner``: a name; need not be one who may log in. ``rules``: keys of rules of warnings; ``incidents``: numbers."""

    kind: Kind
    title: str
    likelihood: int
    impact: int
    owner: str
    treatment: Treatment
    review_on: date
    description: str = ""
    plan: str = ""
    residual_likelihood: int | None = None
    residual_impact: int | None = None
    rules: tuple[str, ...] = ()
    incidents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Risk:
    """A revision of a risk. ``action``: what made it, ``note``: why. ``revision``: to be handed over by whoever changes it."""

    key: str
    revision: int
    described: Described
    state: State
    action: str
    note: str
    by: str
    at: datetime

    def cell(self, stage: Stage = "now") -> tuple[int, int]:
        """Likelihood and impact: before treatment, after it (as before where nobody judged that), or now, which is after it once it is treated."""
        one = self.described
        is_after = stage == "after" or (stage == "now" and self.state == "treated")
        if is_after and one.residual_likelihood is not None and one.residual_impact is not None:
            return one.residual_likelihood, one.residual_impact
        return one.likelihood, one.impact

    def is_due(self, today: date) -> bool:
        """Whether it is to be looked at again: on its day and after."""
        return self.state != "closed" and self.described.review_on <= today


def risks(home: Home, operator: Operator, *, with_closed: bool = False) -> tuple[Risk, ...]:
    """Those that stand, in the order in which they were added. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return tuple(one for one in standing(session) if with_closed or one.state != "closed")


def one(home: Home, operator: Operator, key: str) -> Risk:
    """As it stands. Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return of_row(register.risk(session, key))


def history(home: Home, operator: Operator, key: str) -> tuple[Risk, ...]:
    """Every revision, the newest first. Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        register.risk(session, key)
        return tuple(map(of_row, register.risk_history(session, key)))


def cells(known: Iterable[Risk], stage: Stage = "now") -> dict[tuple[int, int], tuple[Risk, ...]]:
    """Risks that are not closed by likelihood and impact; cells without any are absent."""
    found: dict[tuple[int, int], list[Risk]] = {}
    for risk in known:
        if risk.state != "closed":
            found.setdefault(risk.cell(stage), []).append(risk)
    return {place: tuple(inside) for place, inside in sorted(found.items())}


def due(known: Iterable[Risk], today: date) -> tuple[Risk, ...]:
    """Those to be looked at again, the longest due first."""
    return tuple(sorted((one for one in known if one.is_due(today)), key=lambda one: one.described.review_on))


def waiting(home: Home, operator: Operator, *, now: datetime) -> list[Item]:
    """What Today tells whoever may do it: reviews that are due, and drills whose day has passed (``kind`` ``risk_review`` and ``drill_late``; ``on``: the oldest)."""
    if not operator.can("risk.write"):
        return []
    today = today_of(home, now)
    with home.store.reading() as session:
        reviews = due(standing(session), today)
        late = drills.late(drills.standing(session), today)
    found = []
    if reviews:
        found.append(
            Item("risk_review", "warning", "risk", len(reviews), part="register", on=reviews[0].described.review_on)
        )
    if late:
        found.append(Item("drill_late", "warning", "risk", len(late), part="drills", on=late[0].planned.planned_on))
    return found


def standing(session: Session) -> tuple[Risk, ...]:
    """The newest revision of each, closed ones too."""
    return tuple(map(of_row, register.risks(session)))


def of_row(row: RegisterRisk) -> Risk:
    described = Described(
        cast("Kind", row.kind), row.title, row.likelihood, row.impact, row.owner, cast("Treatment", row.treatment), row.review_on, row.description,
        row.plan, row.residual_likelihood, row.residual_impact, tuple(row.rules), tuple(row.incidents),
    )  # fmt: skip
    return Risk(row.key, row.revision, described, cast("State", row.state), row.action, row.note, row.by, row.at)


# -- what most houses start with ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usual:
    """A risk that most houses have, from ``data/words/risks.toml``. ``told``: title, description and plan by language."""

    key: str
    kind: Kind
    likelihood: int
    impact: int
    residual_likelihood: int
    residual_impact: int
    treatment: Treatment
    told: dict[str, dict[str, str]]


@cache
def usual() -> tuple[Usual, ...]:
    """In the order of the file, by kind."""
    document = wordlists.document("risks")
    return tuple(_usual(kind, row) for kind in RISK_KINDS for row in document[kind])


def unadopted(home: Home, operator: Operator) -> tuple[Usual, ...]:
    """Those of the usual ones that the house has not taken over, nor ever had. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        known = {row.key for row in register.risks(session)}
    return tuple(one for one in usual() if one.key not in known)


def _usual(kind: str, row: dict[str, Any]) -> Usual:
    told = {one: {part: row[f"{part}_{one}"] for part in ("title", "description", "plan")} for one in LANGUAGES}
    return Usual(
        f"usual.{row['key']}", cast("Kind", kind), row["likelihood"], row["impact"], row["residual_likelihood"], row["residual_impact"],
        row["treatment"], told,
    )  # fmt: skip
