"""Rules of warnings as the house wants them: those that the product brings changed, switched off and restored, and its own added.

Every change is a further revision and bumps the topic; warnings keep the revision of the rule that raised them.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from core.errors import Forbidden, Unknown
from core.periods import business_date
from core.risk.rules import InvalidRule, Rule, valid
from core.scope import Operator
from core.store import audit, risk_rules, warnings
from core.store.risk_tables import RiskWarning
from core.store.session import Session, Store
from core.work import warning_news as news
from core.work.home import Home
from core.work.questions import findings
from core.work.questions import risk_rules as questions
from core.work.questions.findings import Failed, Finding
from core.work.questions.reading import reading
from core.work.questions.risk_rules import Kept

LONGEST_NAME = 60
PREVIEW_DAYS = 180


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would have raised on the days ``[start_on, end_on)``: ``found``, oldest first. ``true`` and ``false``: how many of these overlap a warning of the same
    indicator and place that people judged so, whichever rule raised it. ``failed``: why an indicator could not be read. ``lines``: how many were looked at; 0 where there is no data."""

    start_on: date
    end_on: date
    found: tuple[Finding, ...]
    true: int
    false: int
    failed: tuple[Failed, ...]
    lines: int


def change(home: Home, log: Store, operator: Operator, key: str, rule: Rule, *, revision: int, now: datetime) -> Kept:
    """A rule is this from now on. ``revision``: the one that the asker has seen, 0 where nobody said anything of it. ``log``: the store that keeps the audit log.

    Raises ``Forbidden``, ``InvalidRule``, ``Unknown``, ``RuleChanged``."""

    require(operator)
    _refused(home, rule)

    def write(session: Session) -> Kept:
        before = questions.kept(session, key)
        if before.is_removed:
            raise Unknown("rule", key, tuple(questions.standing(session)))
        return _put(session, key, rule, revision, operator, now)

    return _written(home, log, operator, "risk.rule_changed", write, now)


def switch(home: Home, log: Store, operator: Operator, key: str, *, is_on: bool, revision: int, now: datetime) -> Kept:
    """A rule is watched, or not. Raises as ``change``."""
    require(operator)
    with home.store.reading() as session:
        rule = questions.kept(session, key).rule
    return change(home, log, operator, key, replace(rule, is_on=is_on), revision=revision, now=now)


def add(home: Home, log: Store, operator: Operator, rule: Rule, now: datetime) -> Kept:
    """A rule of the house's own; it needs a name. Raises ``Forbidden``, ``InvalidRule``."""
    require(operator)
    if not rule.name.strip():
        raise InvalidRule("A rule of one's own has a name.", field="name")
    _refused(home, rule)

    def write(session: Session) -> Kept:
        return _put(session, f"own-{secrets.token_hex(6)}", rule, 0, operator, now)

    return _written(home, log, operator, "risk.rule_added", write, now)


def remove(home: Home, log: Store, operator: Operator, key: str, *, revision: int, now: datetime) -> Kept:
    """One of the house's own is gone; one that the product brings stands as it comes. Raises ``Forbidden``, ``Unknown``, ``RuleChanged``."""

    def write(session: Session) -> Kept:
        rule = questions.kept(session, key).rule
        return _put(session, key, rule, revision, operator, now, is_removed=True)

    return _written(home, log, operator, "risk.rule_removed", write, now)


def restore(home: Home, log: Store, operator: Operator, key: str, *, revision: int, now: datetime) -> Kept:
    """One of the house's own that was removed stands again. Raises as ``remove``, and ``InvalidRule`` where an indicator is there no more."""

    def write(session: Session) -> Kept:
        rule = questions.kept(session, key).rule
        return _put(session, key, _refused(home, rule), revision, operator, now)

    return _written(home, log, operator, "risk.rule_restored", write, now)


def preview(home: Home, operator: Operator, rule: Rule, now: datetime, *, days: int = PREVIEW_DAYS) -> Preview:
    """What the rule would have raised on the last days that there is data for. Of ``missing``, ``failing`` and ``late`` only what holds now can be said.
    Raises ``Forbidden``, ``InvalidRule``."""
    require(operator)
    _refused(home, rule)
    today = business_date(now, home.settings.zone)
    with reading(home, now=now) as lake:
        told = findings.of(home, lake, {"preview": rule}, today)
        end = (lake.as_of_on or today) + timedelta(days=1)
    start = end - timedelta(days=days)
    found = tuple(sorted((one for one in told.found if one.last_on >= start), key=lambda one: (one.started_on, one.place)))  # fmt: skip
    with home.store.reading() as session:
        known = [row for row in warnings.listed(session, since=start) if not row.is_test]
        said = {number: rows[0].verdict for number, rows in warnings.verdicts(session, [row.id for row in known]).items()}  # fmt: skip
    judged = [_judged(one, known, said) for one in found]
    return Preview(start, end, found, judged.count("true"), judged.count("false"), told.failed, told.lines)


def test_fire(home: Home, log: Store, operator: Operator, key: str, now: datetime) -> int:
    """Raise a warning of a rule to see whom it reaches. It is marked as a test, closed at once, and counts nowhere. Returns its number.
    Raises ``Forbidden``, ``Unknown``."""
    require(operator)
    on = business_date(now, home.settings.zone)
    with audit.told(home.store, log) as (session, logged):
        kept = questions.kept(session, key)
        row = RiskWarning(
            kind="figure", rule_key=key, rule_revision=kept.revision, indicator=kept.rule.indicator or kept.rule.detector, place_by="", place_key="",
            place_name="", started_on=on, last_on=on, peak_on=on, ended_on=on, raised_at=now, value=None, expected=None, limit=kept.rule.limit,
            unit="", details=None, likelihood=kept.rule.likelihood, impact=kept.rule.impact, owner=kept.rule.owner,
            state="closed", closed_how="by_hand", closed_by=operator.name, closed_at=now, is_test=True,
        )  # fmt: skip
        session.add(row)
        session.flush()
        warnings.touched(session)
        news.tested(session, row, kept.rule.name or key, now)
        audit.append(logged, operator, "risk.rule_tested", f"rule:{key}", {"warning": row.id, "world": home.world}, now=now)  # fmt: skip
        return row.id


test_fire.__test__ = False  # type: ignore[attr-defined]


def _judged(one: Finding, known: list[RiskWarning], said: dict[int, str]) -> str | None:
    """What people said of the newest warning of the same indicator and place that overlaps it and that they said anything clear of."""
    for row in known:
        is_same = (row.indicator, row.place_by, row.place_key) == (one.indicator, one.place.by, one.place.key)
        verdict = said.get(row.merged_into_id or row.id)
        if is_same and row.started_on <= one.last_on and row.last_on >= one.started_on and verdict in ("true", "false"):
            return verdict
    return None


def _refused(home: Home, rule: Rule) -> Rule:
    """Raises ``InvalidRule`` also for an indicator that there is not, or that is not told by that."""
    if len(rule.name) > LONGEST_NAME:
        raise InvalidRule(f"A name has at most {LONGEST_NAME} letters.", field="name")
    findings.refuse(home, valid(rule))
    return rule


def _put(
    session: Session,
    key: str,
    rule: Rule,
    revision: int,
    operator: Operator,
    now: datetime,
    *,
    is_removed: bool = False,
) -> Kept:
    risk_rules.write(session, key, rule.to_json(), after=revision, is_removed=is_removed, by=operator.name, now=now)
    return questions.kept(session, key)


def _written(
    home: Home,
    log: Store,
    operator: Operator,
    action: str,
    write: Callable[[Session], Kept],
    now: datetime,
) -> Kept:
    """Write, and tell the audit log what holds now."""
    require(operator)
    with audit.told(home.store, log) as (session, logged):
        done = write(session)
        details: dict[str, Any] = done.rule.to_json() | {"revision": done.revision, "world": home.world}
        audit.append(logged, operator, action, f"rule:{done.key}", details, now=now)
    return done


def require(operator: Operator) -> None:
    """Rules are those of the whole house: who sees some units only does not change them. Raises ``Forbidden``."""
    operator.require("risk.write")
    if not operator.scope.sees_all:
        raise Forbidden("Rules are those of the whole house.", permission="risk.write", role=operator.role)
