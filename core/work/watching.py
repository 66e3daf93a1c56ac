"""The worker's look at all rules: what is out of order is raised once, goes on while it lasts, and is closed when it is over.

Everything is read and judged first, outside of any transaction; then one transaction writes all of it, or nothing. Whoever writes holds a lock, so that of two workers the
second sees what the first one raised.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from core.errors import Refusal
from core.periods import business_date
from core.risk.rules import InvalidRule, Rule
from core.scope import SYSTEM, Operator
from core.store import audit, calendar, forecasts, register, topics, warnings
from core.store.risk_tables import RiskWarning
from core.store.session import Session, Store, changed_rows
from core.work import risk_rules as changing
from core.work import warning_news as news
from core.work.home import Home
from core.work.questions import findings
from core.work.questions import risk_rules as rules_of
from core.work.questions.findings import Failed, Finding, Findings
from core.work.questions.reading import reading
from core.work.questions.risk_rules import Kept

FRESH = timedelta(days=7)
"""What was over longer ago than this raises nothing any more, unless it began within ``HISTORY``."""
HISTORY = timedelta(days=60)
"""What began so long before the newest data is kept as what has been, closed, when it is seen for the first time: nobody is told of it."""
KEPT = timedelta(days=400)
"""How long it is kept that it was looked."""
SYSTEM_KINDS = ("missing", "failing", "late")
About = tuple[str, str, str, str]
"""Rule, indicator, and sort and key of the place."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """``is_kept``: false where somebody else looked at newer data, or the rules changed meanwhile: then nothing was written. ``told``: how many warnings people were told of."""

    is_kept: bool
    raised: int = 0
    closed: int = 0
    told: int = 0
    lines: int = 0
    failed: tuple[Failed, ...] = ()
    code: str | None = None
    seconds: float = 0.0


Stand = tuple[object, ...]


def stand(home: Home) -> Stand:
    """What a look rests on: as long as it is the same, the next one finds the same, but for what comes with time alone."""
    newest = home.lake.manifests.latest()
    with home.store.reading() as session:
        topics_ = topics.revisions(session, (register.TOPIC, calendar.TOPIC, forecasts.TOPIC))
        return newest.lake_id, newest.version, rules_of.revisions(session), topics_


def evaluate(home: Home, now: datetime) -> Evaluated:
    """Look at all rules of a world. What cannot be looked at at all is kept and told as well; then warnings stay as they are."""
    started = time.perf_counter()
    on = business_date(now, home.settings.zone)
    with home.store.reading() as session:
        kept, revisions = rules_of.standing(session), rules_of.revisions(session)
    watched = rules_of.on(kept)
    found, code, message = Findings((), (), 0), None, ""
    with reading(home, now=now) as lake:
        version = (lake.snapshot.manifest.lake_id, lake.snapshot.manifest.version)
        try:
            found = findings.of(home, lake, watched, on)
        except Refusal as refusal:
            code, message = refusal.code, str(refusal)
        except Exception as error:  # a warning nobody hears of is worse than a fault that is told
            code, message = type(error).__name__, str(error)
    with home.store.transaction() as session:
        warnings.lock(session, by=SYSTEM.name, now=now)
        if rules_of.revisions(session) != revisions or _is_behind(session, *version):
            return Evaluated(False)
        written = Written(session, now, kept, on)
        if code is None:
            written.all(found, watched)
        else:
            written.told += news.failed(session, code, now, on.isoformat())
        told = [{"rule": key, "indicator": "", "by": "", "code": InvalidRule.code, "message": one.fault} for key, one in kept.items() if one.fault]  # fmt: skip
        told += [{"indicator": one.indicator, "by": one.by, "code": one.code, "message": one.message} for one in found.failed]  # fmt: skip
        told += [] if code is None else [{"indicator": "", "by": "", "code": code, "message": message[: findings.LONGEST_MESSAGE]}]  # fmt: skip
        seconds = time.perf_counter() - started
        warnings.keep_evaluation(
            session,
            {
                "at": now, "lake_id": version[0], "lake_version": version[1], "seconds": seconds, "rule_count": len(watched),
                "line_count": found.lines, "raised_count": written.raised, "closed_count": written.closed, "failed": told,
            },
        )  # fmt: skip
        warnings.forget_evaluations(session, now - KEPT)
        warnings.touched(session)
    return Evaluated(True, written.raised, written.closed, written.told, found.lines, found.failed, code, seconds)


def look(home: Home, log: Store, operator: Operator, now: datetime) -> Evaluated:
    """Look at once, because somebody asks for it. ``log``: the store that keeps the audit log. Raises ``Forbidden``."""
    changing.require(operator)
    done = evaluate(home, now)
    details = {"world": home.world, "raised": done.raised, "closed": done.closed, "lines": done.lines}
    with audit.told(home.store, log) as (_session, logged):
        audit.append(logged, operator, "risk.looked", "rules", details, now=now)
    return done


def _is_behind(session: Session, lake_id: str, version: int) -> bool:
    last = warnings.last_evaluation(session)
    return last is not None and last.lake_id == lake_id and last.lake_version > version


@dataclass
class Written:
    """What an evaluation writes, and how much of it."""

    session: Session
    now: datetime
    kept: Mapping[str, Kept]
    on: date
    raised: int = 0
    closed: int = 0
    told: int = 0
    seen: set[int] = field(default_factory=set)

    def all(self, found: Findings, watched: Mapping[str, Rule]) -> None:
        oldest = min((one.started_on for one in found.found), default=self.on)
        quiet = max((rule.quiet_days for rule in watched.values()), default=0)
        known: defaultdict[About, list[RiskWarning]] = defaultdict(list)
        for row in warnings.listed(self.session, since=oldest - timedelta(days=quiet + 1)):
            if not row.is_test:
                known[row.rule_key, row.indicator, row.place_by, row.place_key].append(row)
        self._episodes(found.found, known, watched)
        silent = {(key, one.indicator) for one in found.failed for key in one.rules}
        self._ended(known, watched, silent)
        self._awake(known)

    def _episodes(
        self, found: Iterable[Finding], known: Mapping[About, list[RiskWarning]], watched: Mapping[str, Rule]
    ) -> None:
        """The last one that belongs to a warning says how it is now."""
        goes_on: dict[int, Finding] = {}
        rows = {row.id: row for some in known.values() for row in some}
        for one in sorted(found, key=lambda one: one.started_on):
            about = (one.rule, one.indicator, one.place.by, one.place.key)
            mine = [row for row in known.get(about, ()) if _is_same(row, one, watched[one.rule].quiet_days)]
            if mine:
                newest = max(mine, key=lambda row: (row.started_on, row.id))
                goes_on[newest.id] = one
                self.seen.add(newest.id)
            elif one.is_open or one.last_on > one.newest_on - FRESH or one.started_on > one.newest_on - HISTORY:
                self._raise(one)
        for number, one in goes_on.items():
            self._continue(rows[number], one)

    def _raise(self, one: Finding) -> None:
        kept = self.kept[one.rule]
        closing = {} if one.is_open else {"closed_how": "recovered", "closed_by": SYSTEM.name, "closed_at": self.now}
        row = warnings.raise_new(
            self.session,
            {
                "kind": one.kind, "rule_key": one.rule, "rule_revision": kept.revision, "indicator": one.indicator, "place_by": one.place.by,
                "place_key": one.place.key, "place_name": one.place.name, "unit_id": one.place.unit_id, "started_on": one.started_on,
                "raised_at": self.now, "unit": one.unit, "likelihood": kept.rule.likelihood, "impact": kept.rule.impact,
                "owner": kept.rule.owner, "state": "open" if one.is_open else "closed", "reason": "", "is_test": False, "revision": 1,
                **_figures(one), **closing,
            },
        )  # fmt: skip
        if row is None:
            return
        self.seen.add(row.id)
        self.raised += 1
        if one.is_open:
            self.told += news.raised(self.session, row, self._called(one.rule), self.now)

    def _continue(self, row: RiskWarning, one: Finding) -> None:
        """Figures change without a revision, which is for what people see and decide; what somebody closed stays closed."""
        figures = _figures(one) | ({"ended_on": None} if row.state == "open" and one.is_open else {})
        if any(getattr(row, name) != value for name, value in figures.items()):
            here = update(RiskWarning).where(RiskWarning.id == row.id)
            changed_rows(self.session, here.values(**figures))
        if row.state == "open" and not one.is_open:
            self._close(row, "recovered", {"last_on": one.last_on})
        elif row.state == "closed" and row.closed_how != "by_hand" and one.is_open:
            back = {"state": "open", "closed_how": None, "closed_by": None, "closed_at": None, "ended_on": None}
            self._moved(row, back)

    def _ended(
        self, known: Mapping[About, list[RiskWarning]], watched: Mapping[str, Rule], silent: set[tuple[str, str]]
    ) -> None:
        """Open ones that nothing speaks for any more; what could not be looked at stays as it is."""
        for row in [row for rows in known.values() for row in rows if row.state == "open" and row.id not in self.seen]:
            if (row.rule_key, row.indicator) in silent:
                continue
            is_back = row.kind in SYSTEM_KINDS and row.rule_key in watched
            self._close(row, "recovered" if is_back else "gone", {"ended_on": max(row.last_on + timedelta(days=1), row.started_on)})  # fmt: skip

    def _awake(self, known: Mapping[About, list[RiskWarning]]) -> None:
        """Those that were to say nothing until now, and are still on, are told again."""
        for row in [row for rows in known.values() for row in rows]:
            if row.snoozed_until is None or row.snoozed_until > self.now:
                continue
            fresh = warnings.one(self.session, row.id)
            if fresh.state == "open":
                self.told += news.raised(self.session, fresh, self._called(row.rule_key), self.now)
            changed_rows(self.session, update(RiskWarning).where(RiskWarning.id == row.id).values(snoozed_until=None))

    def _close(self, row: RiskWarning, how: str, figures: Mapping[str, Any]) -> None:
        ended_on = figures.get("ended_on") or figures["last_on"] + timedelta(days=1)
        closing = {"state": "closed", "closed_how": how, "closed_by": SYSTEM.name, "closed_at": self.now}
        if not self._moved(row, closing | {"ended_on": ended_on}):
            return
        self.closed += 1
        is_quiet = row.snoozed_until is not None and row.snoozed_until > self.now
        if how == "recovered" and not is_quiet:
            self.told += news.ended(self.session, warnings.one(self.session, row.id), self._called(row.rule_key), self.now)  # fmt: skip

    def _moved(self, row: RiskWarning, values: Mapping[str, Any]) -> bool:
        """False: somebody acted on it at this moment; the next look sees what they did."""
        here = (RiskWarning.id == row.id, RiskWarning.state == row.state, RiskWarning.revision == row.revision)
        return changed_rows(self.session, update(RiskWarning).where(*here).values(**values, revision=row.revision + 1)) == 1  # fmt: skip

    def _called(self, key: str) -> str:
        kept = self.kept.get(key)
        return kept.rule.name or key if kept else key


def _is_same(row: RiskWarning, one: Finding, quiet_days: int) -> bool:
    """Whether an episode is the one that was warned of: they overlap, or one follows the other within the rule's quiet days. What the data itself lacks is one as long as it is open."""
    if row.kind in SYSTEM_KINDS and row.state == "open":
        return True
    reach = timedelta(days=quiet_days)
    return one.started_on <= row.last_on + reach and row.started_on <= one.last_on + reach


def _figures(one: Finding) -> dict[str, Any]:
    return {
        "last_on": one.last_on, "peak_on": one.peak_on, "value": one.value, "expected": one.expected, "limit": one.limit,
        "details": None if one.details is None else dict(one.details),
        "ended_on": None if one.is_open else one.last_on + timedelta(days=1),
    }  # fmt: skip
