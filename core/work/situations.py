"""Declaring which market situation holds, and keeping what each one unlocks. The rows are those of the strategy matrix (``core.work.strategy``)."""

from collections.abc import Sequence
from datetime import date, datetime

from core.errors import Refusal, Unknown
from core.periods import EARLIEST
from core.risk.playbooks import FIELDS
from core.scope import Operator
from core.store import audit, choices, register
from core.store.register import RegisterChanged
from core.store.register_tables import SituationTurn
from core.store.session import Store
from core.work import strategy
from core.work.home import Home
from core.work.questions import situations as questions
from core.work.questions.situations import KEPT, PAGE, Measure, Turn, of_row, own, usual
from core.work.questions.today import today_of

LONGEST_REASON, LONGEST = 500, 200
MOST_MEASURES = 12


class InvalidSituation(Refusal):
    """It cannot be declared or kept like this: ``reason`` is ``same``, ``since``, ``text``, ``many``, ``empty``, ``long``, ``page`` or ``field``; ``most``: letters or measures; ``first_on``: the earliest
    day that it may hold since."""

    code = "situation.invalid"


def declare(
    home: Home, log: Store, operator: Operator, situation: str, *, reason: str, since_on: date, after: int, now: datetime
) -> Turn:  # fmt: skip
    """This situation holds, since a day by today and not before the one that held until then. ``after``: number of the one that the asker has seen, 0 where there was none.
    ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``Unknown`` for one that the strategy matrix has no row of, ``InvalidSituation``, ``RegisterChanged``."""
    operator.require("risk.write")
    words = " ".join(reason.split())
    if not 1 <= len(words) <= LONGEST_REASON or not words.isprintable():
        raise InvalidSituation(f"A reason has 1 to {LONGEST_REASON} letters.", reason="text", most=LONGEST_REASON)
    with audit.told(home.store, log) as (session, logged):
        names = [row.situation for row in strategy.read(session)]
        if situation not in names:
            raise Unknown("situation", situation, names)
        before = next(iter(register.turns(session, most=1)), None)
        if after == (
            0 if before is None else before.number
        ):  # else somebody declared another one meanwhile, which is told below
            _refuse_turn(before, situation, since_on, today_of(home, now))
        done = of_row(register.turn(session, situation, words, since_on, after=after, by=operator.name, now=now))
        details = {
            "situation": situation, "since_on": since_on.isoformat(), "reason": words, "number": done.number,
            "world": home.world,
        }  # fmt: skip
        audit.append(logged, operator, "situation.declared", "situation", details, now=now)
    return done


def keep_measures(
    home: Home, log: Store, operator: Operator, situation: str, measures: Sequence[Measure] | None, *, was: Sequence[Measure], now: datetime
) -> tuple[Measure, ...]:  # fmt: skip
    """From now on a situation unlocks these; None = the usual ones again (of one that is the house's own: none). ``was``: as the asker saw them. Raises ``Forbidden``, ``Unknown``,
    ``InvalidSituation``, ``RegisterChanged``."""
    operator.require("risk.write")
    _refuse(measures or ())
    with audit.told(home.store, log) as (session, logged):
        names = [row.situation for row in strategy.read(session)]
        if situation not in names:
            raise Unknown("situation", situation, names)
        kept = own(choices.held(session, KEPT, by=operator.name, now=now))
        if kept.get(situation, usual().get(situation, ())) != tuple(was):
            raise RegisterChanged("Somebody else changed these measures.", thing="situation", revision=0)
        kept.pop(situation, None)
        if measures is not None and tuple(measures) != usual().get(situation, ()):
            kept[situation] = tuple(measures)
        told = {name: [one.to_json() for one in rows] for name, rows in kept.items()}
        choices.write(session, KEPT, told, by=operator.name, now=now)
        register.hold(session)
        details = {"measures": told.get(situation), "world": home.world}
        audit.append(logged, operator, "situation.measures", f"situation:{situation}", details, now=now)
        return questions.measures_of(session).get(situation, ())


def _refuse_turn(before: SituationTurn | None, situation: str, since_on: date, today: date) -> None:
    if before is not None and before.situation == situation:
        raise InvalidSituation("This is what holds already.", reason="same")
    first_on = EARLIEST if before is None else before.since_on
    if not first_on <= since_on <= today:
        raise InvalidSituation(
            f"It holds since a day from {first_on} to today.", reason="since", first_on=first_on.isoformat()
        )


def _refuse(measures: Sequence[Measure]) -> None:
    if len(measures) > MOST_MEASURES:
        raise InvalidSituation(f"At most {MOST_MEASURES} measures.", reason="many", most=MOST_MEASURES)
    for one in measures:
        for text in one.told.values():
            if not text.strip() or not text.isprintable():
                raise InvalidSituation("A measure says what to do.", reason="empty")
            if len(text) > LONGEST:
                raise InvalidSituation(f"A measure has at most {LONGEST} letters.", reason="long", most=LONGEST)
        if any(name and not PAGE.fullmatch(name) for name in (one.page, one.part)) or (one.part and not one.page):
            raise InvalidSituation("A page is told by its name.", reason="page")
        if one.field and one.field not in FIELDS:
            raise InvalidSituation(f"{one.field!r} has no playbook.", reason="field")
