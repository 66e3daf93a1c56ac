"""Keeping the register of risks: every change is a further revision, said in the audit log."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from core.errors import Refusal, Unknown
from core.scope import Operator
from core.store import audit, register
from core.store.register_tables import RISK_KINDS, TREATMENTS, RegisterRisk
from core.store.session import Session, Store
from core.work.home import Home
from core.work.questions.register import LANGUAGES, Described, Risk, of_row, standing, usual
from core.work.questions.today import today_of

LONGEST_TITLE, LONGEST = 80, 2000
MOST_LINKS = 20
MOST_DAYS_AHEAD = 1100
"""A risk that nobody looks at for three years is not kept in view."""
FIRST_REVIEW_DAYS = 90
"""After which what was taken over from the usual ones is to be looked at. Rule of thumb."""


class InvalidRisk(Refusal):
    """A risk cannot be like this: ``reason`` is ``kind``, ``title``, ``taken``, ``long``, ``level``, ``residual``, ``owner``, ``treatment``, ``review``, ``links``,
    ``note`` or ``state``; ``most``: letters, links or days."""

    code = "register.invalid"


MOVES: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "changed": (("open", "treated"), None),
    "reviewed": (("open", "treated"), None),
    "treated": (("open",), "treated"),
    "closed": (("open", "treated"), "closed"),
    "reopened": (("treated", "closed"), "open"),
}
"""What may be done in which states, and the state afterwards; None = as it was."""


def add(home: Home, log: Store, operator: Operator, described: Described, *, now: datetime) -> Risk:
    """A risk of the house. ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``InvalidRisk``, also for a title that another
    one has that is not closed."""
    operator.require("risk.write")
    fresh = _checked(described, today_of(home, now), is_new_review=True)
    key = secrets.token_hex(8)

    def write(session: Session) -> RegisterRisk:
        _refuse_taken(session, key, fresh.title)
        values = _values(fresh, "open", "added", "")
        return register.write_risk(session, key, values, after=0, by=operator.name, now=now)

    return _written(home, log, operator, write, now)


def adopt(home: Home, log: Store, operator: Operator, language: str, *, now: datetime) -> tuple[Risk, ...]:
    """Take over those of the usual risks (``questions.register.usual``) that the register never had, in the words of a language; they are the house's own from then on.
    What another risk is called already is left out. Asked again, or by two at once, nothing is there twice. Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.write")
    if language not in LANGUAGES:
        raise Unknown("language", language, LANGUAGES)
    review_on = today_of(home, now) + timedelta(days=FIRST_REVIEW_DAYS)
    taken_over = []
    with audit.told(home.store, log) as (session, logged):
        register.hold(session)  # no title is taken between looking and writing
        keys = {one.key for one in standing(session)}
        for one in usual():
            described = Described(
                one.kind, one.told[language]["title"], one.likelihood, one.impact, operator.name, one.treatment, review_on,
                one.told[language]["description"], one.told[language]["plan"], one.residual_likelihood, one.residual_impact,
            )  # fmt: skip
            if one.key in keys or _is_taken(session, one.key, described.title):
                continue
            values = _values(described, "open", "adopted", "")
            row = register.write_risk(session, one.key, values, after=0, by=operator.name, now=now)
            taken_over.append(of_row(row))
        if taken_over:
            details = {"keys": [one.key for one in taken_over], "language": language, "world": home.world}
            audit.append(logged, operator, "risk.adopted", "register", details, now=now)
    return tuple(taken_over)


def change(
    home: Home, log: Store, operator: Operator, key: str, described: Described, *, revision: int, note: str = "", now: datetime
) -> Risk:  # fmt: skip
    """A risk is described so from now on. ``revision``: the one that the asker has seen. Raises ``Forbidden``, ``Unknown``, ``InvalidRisk``,
    ``RegisterChanged``."""
    today = today_of(home, now)

    def changed(was: Risk) -> Described:
        return _checked(described, today, is_new_review=described.review_on != was.described.review_on)

    return _move(home, log, operator, key, "changed", changed, revision, _noted(note, is_needed=False), now)


def review(
    home: Home, log: Store, operator: Operator, key: str, *, note: str, next_on: date, revision: int, now: datetime
) -> Risk:
    """Somebody looked at a risk and found it as it is described; it is looked at again on ``next_on``, which lies after today. Raises as ``change``."""
    today = today_of(home, now)
    if not today < next_on <= today + timedelta(days=MOST_DAYS_AHEAD):
        raise _no_review()

    def changed(was: Risk) -> Described:
        return replace(was.described, review_on=next_on)

    return _move(home, log, operator, key, "reviewed", changed, revision, _noted(note), now)


def treat(home: Home, log: Store, operator: Operator, key: str, *, note: str, revision: int, now: datetime) -> Risk:
    """The plan against a risk is carried out: from now on it counts as it is after treatment. Raises as ``change``."""
    return _move(home, log, operator, key, "treated", _as_it_was, revision, _noted(note), now)


def close(home: Home, log: Store, operator: Operator, key: str, *, note: str, revision: int, now: datetime) -> Risk:
    """A risk is no longer one. Raises as ``change``."""
    return _move(home, log, operator, key, "closed", _as_it_was, revision, _noted(note), now)


def reopen(
    home: Home, log: Store, operator: Operator, key: str, *, note: str, next_on: date, revision: int, now: datetime
) -> Risk:
    """A risk that was treated or closed is open again, and looked at on ``next_on``. Raises as ``change``."""
    today = today_of(home, now)

    def changed(was: Risk) -> Described:
        return _checked(replace(was.described, review_on=next_on), today, is_new_review=True)

    return _move(home, log, operator, key, "reopened", changed, revision, _noted(note), now)


def _as_it_was(was: Risk) -> Described:
    return was.described


def _move(
    home: Home, log: Store, operator: Operator, key: str, action: str, changed: Callable[[Risk], Described], revision: int, note: str, now: datetime,
) -> Risk:  # fmt: skip
    operator.require("risk.write")
    states, becomes = MOVES[action]

    def write(session: Session) -> RegisterRisk:
        was = of_row(register.risk(session, key))
        if was.revision == revision and was.state not in states:
            raise InvalidRisk(f"A risk that is {was.state} cannot be {action}.", reason="state", state=was.state)
        described = changed(was) if was.revision == revision else was.described
        _refuse_taken(session, key, described.title)
        values = _values(described, becomes or was.state, action, note)
        return register.write_risk(session, key, values, after=revision, by=operator.name, now=now)

    return _written(home, log, operator, write, now)


def _written(
    home: Home, log: Store, operator: Operator, write: Callable[[Session], RegisterRisk], now: datetime
) -> Risk:
    with audit.told(home.store, log) as (session, logged):
        register.hold(session)  # no title is taken between looking and writing
        done = of_row(write(session))
        details = {"revision": done.revision, "state": done.state, "title": done.described.title, "world": home.world}
        noted = {"note": done.note} if done.note else {}
        audit.append(logged, operator, f"risk.{done.action}", f"risk:{done.key}", details | noted, now=now)
    return done


def _refuse_taken(session: Session, key: str, title: str) -> None:
    if _is_taken(session, key, title):
        raise InvalidRisk(f"There is a risk {title!r} already.", reason="taken", title=title)


def _is_taken(session: Session, key: str, title: str) -> bool:
    others = (one for one in standing(session) if one.key != key and one.state != "closed")
    return title.casefold() in {one.described.title.casefold() for one in others}


def _checked(described: Described, today: date, *, is_new_review: bool) -> Described:
    """The same with texts on one line or trimmed. Raises ``InvalidRisk``."""
    title, owner = (" ".join(text.split()) for text in (described.title, described.owner))
    if described.kind not in RISK_KINDS:
        raise InvalidRisk(f"A risk is one of {RISK_KINDS}.", reason="kind")
    if described.treatment not in TREATMENTS:
        raise InvalidRisk(f"A treatment is one of {TREATMENTS}.", reason="treatment")
    if not 1 <= len(title) <= LONGEST_TITLE or not title.isprintable():
        raise InvalidRisk(f"A title has 1 to {LONGEST_TITLE} letters.", reason="title", most=LONGEST_TITLE)
    if not 1 <= len(owner) <= LONGEST_TITLE or not owner.isprintable():
        raise InvalidRisk(f"An owner has 1 to {LONGEST_TITLE} letters.", reason="owner", most=LONGEST_TITLE)
    description, plan = described.description.strip(), described.plan.strip()
    if max(len(description), len(plan)) > LONGEST or "\0" in description + plan:
        raise InvalidRisk(f"A text has at most {LONGEST} letters.", reason="long", most=LONGEST)
    _refuse_levels(described)
    if is_new_review and not today <= described.review_on <= today + timedelta(days=MOST_DAYS_AHEAD):
        raise _no_review()
    rules, incidents = tuple(dict.fromkeys(described.rules)), tuple(dict.fromkeys(described.incidents))
    if max(len(rules), len(incidents)) > MOST_LINKS or not all(1 <= len(one) <= 64 for one in rules):
        raise InvalidRisk(f"A risk has at most {MOST_LINKS} links of each kind.", reason="links", most=MOST_LINKS)
    return replace(
        described, title=title, owner=owner, description=description, plan=plan, rules=rules, incidents=incidents
    )


def _refuse_levels(described: Described) -> None:
    residual = (described.residual_likelihood, described.residual_impact)
    if not all(one in range(1, 6) for one in (described.likelihood, described.impact)):
        raise InvalidRisk("Likelihood and impact are 1 to 5.", reason="level")
    if residual == (None, None):
        return
    if not all(one is not None and one in range(1, 6) for one in residual):
        raise InvalidRisk("After treatment both are 1 to 5, or neither is said.", reason="residual")


def _no_review() -> InvalidRisk:
    return InvalidRisk(
        f"A risk is looked at again from today on, within {MOST_DAYS_AHEAD} days.",
        reason="review",
        most=MOST_DAYS_AHEAD,
    )


def _noted(note: str, *, is_needed: bool = True) -> str:
    text = " ".join(note.split())
    if (is_needed and not text) or len(text) > LONGEST:
        raise InvalidRisk(f"A note has 1 to {LONGEST} letters.", reason="note", most=LONGEST)
    return text


def _values(described: Described, state: str, action: str, note: str) -> dict[str, Any]:
    """Columns of a revision."""
    names = (
        "kind", "title", "description", "likelihood", "impact", "residual_likelihood", "residual_impact", "owner", "treatment", "plan", "review_on",
    )  # fmt: skip
    columns = {name: getattr(described, name) for name in names}
    links = {"rules": list(described.rules), "incidents": list(described.incidents)}
    return columns | links | {"state": state, "action": action, "note": note}
