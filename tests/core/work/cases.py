"""Accounts, warnings and incidents for tests."""

from datetime import UTC, date, datetime, timedelta

from core.scope import Operator, Scope
from core.store import incidents as rows
from core.store.risk_tables import RiskWarning
from core.store.tables import Account
from core.work import incident_changes, incidents

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
TODAY = date(2026, 11, 20)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NORTH = Scope(frozenset({"north"}))
LIN = Operator(1, "lin", "manager")
WU = Operator(2, "wu", "manager", NORTH)
HE = Operator(3, "he", "executive")
QIN = Operator(4, "qin", "analyst")


def people(log):
    """Accounts of those above, and one that is out of use."""
    named = [(one.name, one.role, one.scope.units, True) for one in (LIN, WU, HE, QIN)]
    with log.transaction() as session:
        for name, role, units, is_active in [*named, ("gone", "manager", None, False)]:
            session.add(
                Account(
                    name=name, display_name=name, role=role, units=None if units is None else sorted(units), password_hash="",
                    must_change_password=False, is_active=is_active, created_at=NOW,
                )
            )  # fmt: skip


def warning(home, by="unit", key="north", *, unit=None, first=TODAY, last=TODAY, indicator="member_loss", **more):
    """A warning's number."""
    unit = key if by == "unit" else unit
    values = {
        "kind": "figure", "rule_key": f"{indicator}:{by}:{key}", "rule_revision": 0, "indicator": indicator, "place_by": by,
        "place_key": key, "place_name": key.title(), "unit_id": unit, "started_on": first, "last_on": last, "peak_on": first,
        "raised_at": NOW, "unit": "share", "likelihood": 3, "impact": 3, "owner": "", "state": "open",
    }  # fmt: skip
    with home.store.transaction() as session:
        row = RiskWarning(**values | more)
        session.add(row)
        session.flush()
        return row.id


class Case:
    """One incident, led by somebody: ``case.move("assess")`` with the revision that it has."""

    def __init__(self, home, log, incident_id, who=LIN, now=NOW):
        self.home, self.log, self.id, self.who, self.now = home, log, incident_id, who, now

    def __getattr__(self, name):
        act = getattr(incidents, name, None) or getattr(incident_changes, name)

        def call(*args, **named):
            return act(self.home, self.log, self.who, self.id, *args, revision=self.row.revision, now=self.now, **named)

        return call

    @property
    def row(self):
        with self.home.store.reading() as session:
            return rows.one(session, self.id)

    def said(self, *kinds):
        """Kind and details of its lines, the oldest first."""
        with self.home.store.reading() as session:
            told = rows.entries(session, [self.id], kinds=kinds or None)
            return [(line.kind, line.details) for line in told]

    def to(self, state):
        """Lead it there, doing what each step asks for."""
        for step, act in STEPS.items():
            if self.row.state == state:
                return self
            if self.row.state == step:
                act(self)
        assert self.row.state == state
        return self


def _assessed(case):
    case.set_severity(case.row.severity)
    case.assign("lin")
    case.set_target(case.now + 30 * DAY)
    case.move("respond")


def _responded(case):
    case.act("Called the shop")
    case.move("communicate")


def _communicated(case):
    case.waive("Nobody outside is concerned")
    case.move("monitor")


def _watched(case):
    case.state_criteria("Below 5 % for a week")
    case.met("It is at 2 %")
    case.move("review")


def _reviewed(case):
    case.review(cause="A bad batch", lessons="Taste before selling")
    case.add_task("review", "Taste every batch", "he", TODAY + 30 * DAY)
    case.move("closed")


STEPS = {
    "detect": lambda case: case.move("assess"),
    "assess": _assessed,
    "respond": _responded,
    "communicate": _communicated,
    "monitor": _watched,
    "review": _reviewed,
}
