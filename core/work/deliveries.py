"""Handing notices on to targets: the worker's chore. Everything that it knows stands in the store, so that it may die at any moment.

A message is marked as on its way, sent outside any transaction, and its end written down; two workers never have the same one. Where the worker dies in
between, e-mail and webhooks are sent again under the same identity, by which a receiver knows them; a robot's message becomes ``unknown``, and a
person decides.

A target gets at most so many messages an hour; what is more waits, and comes as one message (a digest) as soon as there is room. A quarter of the room is
kept for what is urgent.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import Refusal
from core.senders.sender import Gone, Message, NotSent, Permanent, Sender, Temporary, Uncertain
from core.store import deliveries, notice_targets, notices, topics
from core.store.deliveries import COUNTED, Claim
from core.store.notice_tables import NoticeTarget, SaidNotice
from core.store.session import Session
from core.work import notice_secrets, notice_words
from core.work.home import Home
from core.work.notice_words import Said
from core.work.notices import TOPIC, URGENCIES, Notice, Param, say
from core.work.questions import units

Senders = Mapping[str, Sender]
"""By kind of target."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PASS_S = 30.0
"""After so long a pass takes no further message in hand."""
BACKOFF_S = (5, 300, 1800, 7200, 18000, 36000)
"""Seconds before each further try, as Standard Webhooks has them; after the last one a message has failed."""
MOST_TRIES = len(BACKOFF_S) + 1
JITTER = 0.2
FAILURES, PAUSE, LONGEST_PAUSE = 5, timedelta(minutes=10), timedelta(hours=1)
"""After so many tries in a row that failed a target is left alone, each further time twice as long."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a pass came to, in messages."""

    sent: int = 0
    failed: int = 0


def deliver(home: Home, senders: Senders, now: datetime) -> Done:
    """Address what was said since, then send what is due to each target, in turns."""
    _address(home, now)
    with home.store.reading() as session:
        waiting = deliveries.waiting_targets(session, now)
    sent = failed = 0
    until = time.monotonic() + PASS_S
    while waiting:
        for target_id in tuple(waiting):
            ended = None if time.monotonic() > until else _one(home, senders, target_id, now)
            if ended is None:
                waiting.remove(target_id)
            else:
                sent, failed = sent + (ended == "sent"), failed + (ended == "failed")
    return Done(sent, failed)


# -- whom a notice is for ---------------------------------------------------------------------------------------------


def _address(home: Home, now: datetime) -> None:
    """Make the deliveries of notices that have none yet."""
    with home.store.reading() as session:
        if not notices.is_any_unaddressed(session):
            return
        limited = {one.id: one.units for one in notice_targets.every(session) if one.units is not None}
    inside: dict[int, frozenset[str]] = {}
    if limited:
        with home.lake.open() as snapshot:
            inside = {target_id: units.within(snapshot, chosen) for target_id, chosen in limited.items()}
    with home.store.transaction() as session:
        fresh = notices.unaddressed(session)
        of_units = notices.units_of(session, [one.id for one in fresh])
        # A target that was limited only since is asked at the next notice.
        targets = [one for one in notice_targets.every(session) if one.units is None or one.id in inside]
        for notice in fresh:
            for target in targets:
                if _wants(target, notice, of_units.get(notice.id), inside.get(target.id)):
                    _enqueue(session, target, notice, now)
            notice.is_addressed = True


def _wants(
    target: NoticeTarget, notice: SaidNotice, of_units: frozenset[str] | None, inside: frozenset[str] | None
) -> bool:
    """``of_units``: those of the notice, None = the whole house; ``inside``: those of the target and below, None = all."""
    is_grave = URGENCIES.index(notice.urgency) >= URGENCIES.index(target.least_urgency)
    is_kind = target.kinds is None or notice.kind in target.kinds
    is_about_itself = notice.kind.startswith("target.") and notice.params.get("target_id") == target.id
    is_place = inside is None or (of_units is not None and bool(of_units & inside))
    return target.is_on and is_grave and is_kind and is_place and not is_about_itself


def _enqueue(session: Session, target: NoticeTarget, notice: SaidNotice, now: datetime) -> None:
    is_held = target.digest_minutes > 0 and notice.urgency != "high"
    deliveries.enqueue(session, target, notice, urgency=notice.urgency, now=now, held_for="digest" if is_held else None)


# -- one message ------------------------------------------------------------------------------------------------------


def _one(home: Home, senders: Senders, target_id: int, now: datetime) -> str | None:
    """Send the next message of a target: the state that it is in then. None when there is none to send now."""
    with home.store.transaction() as session:
        target = notice_targets.locked(session, target_id)
        sender = None if target is None else senders.get(target.kind)
        claim = None if target is None or sender is None else _claim(session, target, sender, now)
        told = [] if claim is None else deliveries.told(session, claim.delivery_id)
    if target is None or sender is None or claim is None:
        return None
    failure: NotSent | None = None
    note = None
    try:
        to = notice_secrets.destination(home, target, now)
        note = sender.send(to, _message(home, target, claim, told), now)
    except NotSent as error:
        failure = error
    except Refusal as refusal:  # the key of this home does not open it
        failure = Gone(refusal.code)
    with home.store.transaction() as session:
        return _settled(session, claim, failure, note, now, is_repeatable=sender.is_repeatable)


def _claim(session: Session, target: NoticeTarget, sender: Sender, now: datetime) -> Claim | None:
    deliveries.taken_back(session, target.id, is_repeatable=sender.is_repeatable, most=MOST_TRIES, now=now)
    most = sender.most_per_minute
    if most is not None and deliveries.count_begun(session, target.id, now - MINUTE) >= most:
        return None
    is_closed = not target.is_on or target.halted is not None or (target.paused_until or now) > now
    if is_closed:
        return deliveries.begin(session, target.id, urgencies=(), tests_only=True, now=now)
    free = target.most_per_hour - deliveries.count_begun(session, target.id, now - HOUR, COUNTED)
    allowed = _allowed(free, target.most_per_hour)
    deliveries.hold_fresh(session, target.id, [one for one in URGENCIES if one not in allowed])
    if allowed:
        _collect(session, target, allowed, now)
    return deliveries.begin(session, target.id, urgencies=allowed, tests_only=not allowed, now=now)


def _allowed(free: int, most: int) -> tuple[str, ...]:
    """Urgencies for which there is room."""
    if free <= 0:
        return ()
    return ("high",) if free <= most // 4 else URGENCIES


def _collect(session: Session, target: NoticeTarget, allowed: Sequence[str], now: datetime) -> None:
    """Make a digest of what is held, when it is time: at once of what did not find room, else after the minutes that the target set."""
    waiting = deliveries.held(session, target.id)
    is_time = any(one.held_for == "cap" for one in waiting) or any(
        one.created_at <= now - timedelta(minutes=target.digest_minutes) for one in waiting
    )
    urgency = max((one.urgency for one in waiting), key=URGENCIES.index, default="")
    if not is_time or urgency not in allowed:
        return
    digest = deliveries.enqueue(session, target, None, urgency=urgency, now=now)
    if digest is not None:
        deliveries.join(session, digest, [one.id for one in waiting])


def _message(home: Home, target: NoticeTarget, claim: Claim, told: Sequence[SaidNotice]) -> Message:
    said = [Said(one.kind, one.params) for one in told]
    world, url = home.world, home.settings.url
    if len(told) == 1:
        words = notice_words.words(said[0], target.language, world=world, url=url)
        kind = told[0].kind
    else:
        words = notice_words.digest(said, target.language, world=world, url=url)
        kind = "digest"
    shown = [
        {
            "kind": one.kind,
            "key": one.key,
            "urgency": one.urgency,
            "params": one.params,
            "said_at": one.said_at.isoformat(),
        }
        for one in told[: notice_words.MOST_LINES]
    ]
    data = {"world": world, "count": len(told), "notices": shown}
    said_at = max(one.said_at for one in told)
    return Message(claim.message_id, kind, words.title, words.text, said_at, data)


# -- what became of it ------------------------------------------------------------------------------------------------


def _settled(
    session: Session, claim: Claim, failure: NotSent | None, note: str | None, now: datetime, *, is_repeatable: bool
) -> str | None:
    """Write down how a try ended: the state of the message. ``note``: what was wrong though it was taken. None: another worker had taken it over."""
    target = notice_targets.locked(session, claim.target_id)
    state = "sent" if failure is None else _ending(claim, failure, is_repeatable=is_repeatable)
    if state == "queued" and failure is not None:
        is_ours = deliveries.postpone(session, claim, _next_try(claim, failure, now), failure.code)
    else:
        is_ours = deliveries.end(session, claim, state, now=now, error=note if failure is None else failure.code)
    if not is_ours:
        return None
    if target is not None and failure is None:
        target.failures, target.paused_until = 0, None
        target.halted = None if claim.is_test else target.halted
    elif target is not None and failure is not None:
        _blame(session, target, failure, now)
    topics.bump(session, TOPIC)
    return state


def _ending(claim: Claim, failure: NotSent, *, is_repeatable: bool) -> str:
    """State of a message that was not taken. A test is not tried again: somebody waits for what came of it."""
    if isinstance(failure, Uncertain) and not is_repeatable:
        return "unknown"
    is_passing = isinstance(failure, Temporary | Uncertain)
    return "queued" if is_passing and claim.attempts < MOST_TRIES and not claim.is_test else "failed"


def _next_try(claim: Claim, failure: NotSent, now: datetime) -> datetime:
    """Later each time, a little apart from others, and not before the other side wants it."""
    spread = random.Random(f"{claim.message_id}:{claim.attempts}").uniform(1 - JITTER, 1 + JITTER)
    wait = BACKOFF_S[claim.attempts - 1] * spread
    asked = failure.after_s if isinstance(failure, Temporary) else None
    return now + timedelta(seconds=max(wait, asked or 0.0))


def _blame(session: Session, target: NoticeTarget, failure: NotSent, now: datetime) -> None:
    """What a failure says of the target: nothing, that it wants to be left alone, that it is in trouble, or that it is no more."""
    params: dict[str, Param] = {"target": target.name, "target_id": target.id, "code": failure.code}
    if isinstance(failure, Gone):
        if target.halted is None:
            target.halted = failure.code
            say(session, Notice("target.halted", f"{target.id}:{now.isoformat()}", "high", params), now)
    elif isinstance(failure, Permanent):
        return
    elif isinstance(failure, Temporary) and failure.after_s:
        target.paused_until = now + min(timedelta(seconds=failure.after_s), LONGEST_PAUSE)
    else:
        target.failures += 1
        over = target.failures - FAILURES
        if over >= 0:
            target.paused_until = now + min(PAUSE * 2 ** min(over, 8), LONGEST_PAUSE)
        if over == 0:
            params["failures"] = target.failures
            say(session, Notice("target.paused", f"{target.id}:{now.isoformat()}", "high", params), now)
