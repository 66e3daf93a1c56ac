"""Rules of warnings as they stand, and how often people said that they were right."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.errors import Unknown
from core.metrics.proportions import Interval, Proportion, wilson
from core.risk.defaults import DEFAULTS
from core.risk.rules import InvalidRule, Rule
from core.scope import Operator
from core.store import risk_rules, topics, warnings
from core.store.risk_tables import RiskRule
from core.store.session import Session
from core.work.home import Home
from core.work.segments import covers


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule as it stands. ``revision``: to be handed over by whoever changes it; 0 where nobody ever did. ``is_default``: the product brings it; ``is_changed``: and the
    house says otherwise. ``by`` and ``at``: who said so last; null where nobody did. ``is_removed``: one of the house's own that is gone. ``fault``: why what was said cannot
    be read by this version of the product; then the rule is off, and what is left of it is to be said anew."""

    key: str
    rule: Rule
    revision: int
    is_default: bool
    is_changed: bool
    is_removed: bool = False
    by: str | None = None
    at: datetime | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Precision:
    """Of the warnings that a rule raised and people judged: how many were ``true``. ``unclear`` and ``unjudged`` are not counted in. ``share`` and its 95 % ``interval``
    are null where none was judged."""

    true: int
    false: int
    unclear: int
    unjudged: int

    @property
    def judged(self) -> int:
        return self.true + self.false

    @property
    def share(self) -> float | None:
        return Proportion(self.true, self.judged).share

    @property
    def interval(self) -> Interval | None:
        return wilson(Proportion(self.true, self.judged))


NOTHING_SAID = Precision(0, 0, 0, 0)


def rules(home: Home, operator: Operator) -> dict[str, Kept]:
    """By key: those that the product brings, in its order, then the house's own. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return standing(session)


def one(home: Home, operator: Operator, key: str) -> Kept:
    """Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return kept(session, key)


def removed(home: Home, operator: Operator) -> dict[str, Kept]:
    """The house's own that are gone and can be had again. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        rows = risk_rules.standing(session, with_removed=True)
        return {row.key: _said(row) for row in rows if row.is_removed and row.key not in DEFAULTS}


def history(home: Home, operator: Operator, key: str) -> list[Kept]:
    """All that was ever said of a rule, the newest first. Raises ``Forbidden``."""
    operator.require("risk.see")
    with home.store.reading() as session:
        return [_said(row) for row in risk_rules.history(session, key)]


def precision(home: Home, operator: Operator) -> dict[str, Precision]:
    """Of every rule that raised anything the operator sees. Raises ``Forbidden``."""
    operator.require("risk.see")
    mine = covers(home, operator)
    with home.store.reading() as session:
        return precisions(session, mine)


def standing(session: Session) -> dict[str, Kept]:
    """What holds now."""
    said = {row.key: row for row in risk_rules.standing(session, with_removed=True)}
    found = {
        key: _said(said[key]) if key in said else Kept(key, rule, 0, True, False) for key, rule in DEFAULTS.items()
    }
    return found | {key: _said(row) for key, row in said.items() if key not in DEFAULTS and not row.is_removed}


def kept(session: Session, key: str) -> Kept:
    """As it stands, or as it was when it was removed. Raises ``Unknown``."""
    row = risk_rules.newest(session, key)
    if row is not None:
        return _said(row)
    if key not in DEFAULTS:
        raise Unknown("rule", key, tuple(DEFAULTS))
    return Kept(key, DEFAULTS[key], 0, True, False)


def revisions(session: Session) -> tuple[tuple[str, int], ...]:
    """Of every rule that holds: who evaluates them learns by it whether they are still the same."""
    return tuple((key, one.revision) for key, one in standing(session).items())


def precisions(session: Session, mine: Callable[[Sequence[str] | None], bool]) -> dict[str, Precision]:
    """Each warning once, by the newest word on it; what is part of another one is judged with that. Tests do not count. ``mine``: whether somebody sees what is of these units."""
    raised = [row for row in warnings.listed(session) if not row.is_test and mine(None if row.unit_id is None else [row.unit_id])]  # fmt: skip
    of_rule: defaultdict[str, set[int]] = defaultdict(set)
    for row in raised:
        of_rule[row.rule_key].add(row.merged_into_id or row.id)
    said = {number: rows[0].verdict for number, rows in warnings.verdicts(session, {n for ns in of_rule.values() for n in ns}).items()}  # fmt: skip
    return {key: _counted([said.get(number) for number in numbers]) for key, numbers in of_rule.items()}


def revision(home: Home) -> int:
    """How often rules, warnings or verdicts changed: part of the key of what is read of them."""
    with home.store.reading() as session:
        return topics.revision(session, risk_rules.TOPIC)


def on(kept: Mapping[str, Kept]) -> dict[str, Rule]:
    """Those that are watched."""
    return {key: one.rule for key, one in kept.items() if one.rule.is_on}


def _counted(said: list[str | None]) -> Precision:
    return Precision(said.count("true"), said.count("false"), said.count("unclear"), said.count(None))


def _said(row: RiskRule) -> Kept:
    """Of one that the product brings nothing is left when what was said of it is taken back."""
    default = DEFAULTS.get(row.key)
    if default is not None and row.is_removed:
        return Kept(row.key, default, row.revision, True, False, False, row.by, row.at)
    rule, fault = read(row.body, default)
    is_changed = rule != default
    return Kept(row.key, rule, row.revision, default is not None, is_changed, row.is_removed, row.by, row.at, fault)


def read(body: Mapping[str, Any], default: Rule | None = None) -> tuple[Rule, str | None]:
    """A rule as it was said, and why it cannot be read: one that was said to another version of the product may be of a kind that this one has not, and stops no other."""
    try:
        return Rule.from_json(body), None
    except (InvalidRule, TypeError) as error:
        told = {name: body[name] for name in ("name", "indicator") if isinstance(body.get(name), str)}
        return replace(default or Rule("", "threshold", 0.0, "above"), **told, is_on=False), str(error)
