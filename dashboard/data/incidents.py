"""Incidents for their page: the list, one with all that belongs to it, who may take it over, who is behind it, and what may be told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.errors import Unknown
from core.periods import Period, business_date
from core.risk import incidents as rules
from core.risk.incidents import HOURS as USUAL_HOURS
from core.risk.incidents import LEAST_HOURS, MOST_HOURS, SEVERITIES, STATES, Facts, Severity, State
from core.risk.messages import GAP
from core.risk.playbooks import FIELDS, GENERAL, Step
from core.schema import CHANNELS
from core.work import incident_turns
from core.work.incident_actions import AUDIENCES
from core.work.incident_turns import LONGEST, LONGEST_TITLE
from core.work.questions import called, incident_messages, incident_owners, incident_people, incidents, units, warnings
from core.work.questions.incident_messages import LANGUAGES, Template, templates
from core.work.questions.incident_owners import Owner
from core.work.questions.incident_people import Behind
from core.work.questions.incidents import OPEN, Case, Counts, Line, Paces, Pause, Task, Whole
from core.work.questions.warnings import Warned
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.data.ground import Ground, stand
from dashboard.web import kept, wiring

__all__ = [
    "AUDIENCES", "CHANNELS", "FIELDS", "GAP", "GENERAL", "Hours", "LEAST_HOURS", "MOST_HOURS", "USUAL_HOURS", "hours", "LANGUAGES", "LONGEST", "LONGEST_TITLE", "OPEN", "SEE", "SENDING", "SEVERITIES", "STATES", "Behind", "Case", "Counts", "Line", "Looked", "Owner", "Paces",
    "Pause", "Places", "Severity", "State", "Step", "Task", "Template", "Warned", "Whole", "asked", "behind", "campaigns", "draft", "find", "listed", "looked", "me", "now", "others", "owners",
    "places", "templates", "today", "warnings_of", "zone",
]  # fmt: skip

SEE = "risk.see"
PACE_DAYS = 90
Hours = Mapping[str, Mapping[str, int]]
"""By step and severity."""
SENDING = tuple(one for one in CHANNELS if one not in ("web", "social", "live", "store", "offline_event"))
"""Channels that messages go out by."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The list: ``cases`` as chosen, what is open, and how long people took over the incidents of the last ``PACE_DAYS`` days."""

    cases: tuple[Case, ...]
    counts: Counts
    paces: Paces


@dataclass(frozen=True, slots=True)
class Places:
    """What an incident may be of, name by id: units and groups that the operator sees. ``is_whole``: whether it may be of the house or of channels."""

    is_whole: bool
    units: Mapping[str, str]
    groups: Mapping[str, str]


def zone() -> str:
    return worlds.home().settings.zone


def now() -> datetime:
    return wiring.now()


def today() -> date:
    return business_date(wiring.now(), zone())


def me() -> str:
    """Name of the account that acts."""
    return guard.operator().name


def looked(which: str, severity: str) -> Looked:
    """``which``: ``open``, ``mine`` (open ones that the operator answers for), ``tasks`` (of any state, with a task of the operator's to do), ``late`` or ``closed``. ``severity``: one of them, or ``all``. Raises ``Forbidden``."""
    ground, at = stand(SEE), wiring.now()
    name = ("incidents", ground.key, ground.operator.role, ground.operator.name, which, severity, kept.moment(at))
    return kept.while_unwritten(ground.home.store, name, lambda: _looked(ground, which, severity, at))


def _looked(ground: Ground, which: str, severity: str, at: datetime) -> Looked:
    home, operator = ground.home, ground.operator
    day = business_date(at, home.settings.zone) + timedelta(days=1)
    return Looked(
        listed(ground, which, severity, at),
        incidents.counts(home, operator, now=at),
        incidents.paces(home, operator, Period(day - timedelta(days=PACE_DAYS), day)),
    )


def listed(ground: Ground, which: str, severity: str, at: datetime) -> tuple[Case, ...]:
    """The closed ones: those that were closed last come first."""
    me = ground.operator.name
    states = {"closed": ("closed",), "tasks": STATES}.get(which, OPEN)
    owner, helper = me if which == "mine" else None, me if which == "tasks" else None
    severities = () if severity == "all" else (severity,)
    found = incidents.listed(
        ground.home, ground.operator, now=at, states=states, severities=severities, owner=owner, helper=helper
    )
    if which == "closed":
        return tuple(sorted(found, key=lambda one: (one.closed_at or one.opened_at, one.id), reverse=True))
    return tuple(one for one in found if one.is_late or which != "late")


def find(incident_id: int) -> Whole | None:
    """None where there is none, or none that the operator sees. Raises ``Forbidden``."""
    ground, at = stand(SEE), wiring.now()
    name = ("incident", ground.key, incident_id, kept.moment(at))
    return kept.while_unwritten(ground.home.store, name, lambda: _find(ground, incident_id, at))


def _find(ground: Ground, incident_id: int, at: datetime) -> Whole | None:
    try:
        return incidents.one(ground.home, ground.operator, incident_id, now=at)
    except Unknown:
        return None


def hours() -> Hours:
    """How many each step may take, as the house keeps them. Raises ``Forbidden``."""
    guard.require(SEE)
    store = worlds.home().store

    def ask() -> Hours:
        with store.reading() as session:
            return incident_turns.hours(session)

    return kept.while_unwritten(store, "incident hours", ask)


def asked(state: State) -> tuple[str, ...]:
    """Codes of all that a step may ask for, in order."""
    return rules.asks(state, Facts(holds=1))


def warnings_of(whole: Whole) -> list[Warned]:
    """Those that the operator sees, the gravest first. Raises ``Forbidden``."""
    ground, at = stand(SEE), wiring.now()
    name = ("warnings of", ground.key, whole.warning_ids, kept.moment(at))
    ask = lambda: warnings.of(ground.home, ground.operator, whole.warning_ids, at)  # noqa: E731 - asked where it is not known
    return kept.while_unwritten(ground.home.store, name, ask)


def others(whole: Whole) -> tuple[Case, ...]:
    """Open incidents that it may go on as a part of. Raises ``Forbidden``."""
    ground = stand(SEE)
    found = incidents.listed(ground.home, ground.operator, now=wiring.now())
    return tuple(one for one in found if one.id != whole.case.id)


def owners(whole: Whole) -> tuple[Owner, ...]:
    """Raises ``Forbidden``."""
    ground, log = stand(SEE), wiring.accounts_store()
    name = ("incident owners", ground.key, whole.case.units, whole.case.id)
    ask = lambda: incident_owners.owners(ground.home, log, ground.operator, whole.case.id)  # noqa: E731 - asked where it is not known
    return kept.while_unwritten(log, name, ask)


# -- people ------------------------------------------------------------------------------------------------------------


def behind(whole: Whole) -> Behind:
    """Raises ``Forbidden``."""
    ground = stand("people.see")
    return _behind(
        key=f"incident|{ground.key}|{whole.case.id}|{whole.warning_ids}|{whole.case.last_on}",
        _ground=ground,
        _id=whole.case.id,
    )


@kept.by_key(8)
def _behind(key: str, _ground: Ground, _id: int) -> Behind:  # noqa: ARG001 - what it is kept by
    return incident_people.people(_ground.home, _ground.operator, _id, now=wiring.now())


# -- places ------------------------------------------------------------------------------------------------------------


def places() -> Places:
    """Raises ``Forbidden``."""
    ground = stand(SEE)
    return _places(key=f"places of incidents|{ground.key}", _ground=ground)


@kept.by_key(8)
def _places(key: str, _ground: Ground) -> Places:  # noqa: ARG001 - what it is kept by
    scope = _ground.operator.scope
    every = units.known(_ground.home)
    with _ground.open() as lake:
        mine = None if scope.units is None else units.within(lake.snapshot, scope.units)
        rows = []
        if lake.snapshot.files("groups"):
            rows = lake.snapshot.arrow(
                lake.snapshot.current("groups").select("group_id", "name", "unit_id")
            ).to_pylist()
    return Places(
        mine is None,
        {unit: name for unit, name in every.items() if mine is None or unit in mine},
        {row["group_id"]: row["name"] or row["group_id"] for row in rows if mine is None or row["unit_id"] in mine},
    )


def campaigns() -> Mapping[str, str]:
    """Name by id of those that the data knows. Raises ``Forbidden``."""
    ground = stand(SEE)
    return _campaigns(key=f"campaigns|{ground.key}", _ground=ground)


@kept.by_key(8)
def _campaigns(key: str, _ground: Ground) -> Mapping[str, str]:  # noqa: ARG001 - what it is kept by
    with _ground.open() as lake:
        return called.names_of(lake, "campaign_id")


# -- words -------------------------------------------------------------------------------------------------------------


def draft(key: str, language: str, values: Mapping[str, str | None]) -> str:
    """A message with a gap wherever nothing is known. Raises ``Forbidden``."""
    return incident_messages.draft(guard.require("incident.write"), key, language, values)
