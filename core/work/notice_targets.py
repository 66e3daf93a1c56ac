"""Where notices go besides the bell: targets added, changed, tried, removed. Secrets are shown once, when they are made, and never stand in a log."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from core.errors import Refusal
from core.scope import Operator
from core.senders import addresses, robot, webhook
from core.senders.addresses import InvalidWeb
from core.senders.wecom import app_message
from core.senders.wecom.limits import InvalidMessage
from core.store import audit, connectors, deliveries, notice_targets, notices, topics
from core.store.notice_tables import NoticeTarget
from core.store.session import Session, Store
from core.store.tables import LANGUAGES
from core.work import notice_secrets
from core.work.home import Home
from core.work.notice_secrets import Kept
from core.work.notices import KINDS, TOPIC, URGENCIES
from core.work.questions import units

TargetKind = Literal["email", "webhook", "robot", "app"]
LONGEST_NAME = 60
MOST_PER_HOUR, LONGEST_DIGEST_MINUTES = 1000, 24 * 60
MOST_USERS, SHOWN_USERS = 50, 3


class InvalidTarget(Refusal):
    """A target cannot be like this: ``reason`` is ``kind``, ``name``, ``taken``, ``address``, ``scheme``, ``port``, ``user``, ``private``, ``key``, ``secret``, ``mail``, ``app``, ``users``,
    ``language``, ``urgency``, ``kinds``, ``units``, ``cap``, ``digest`` or ``rotate``."""

    code = "target.invalid"


class TargetChanged(Refusal):
    """Somebody else changed the target since the asker read it. ``revision``: the one it is at now."""

    code = "target.changed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes to a target, and how often. ``kinds`` and ``units`` None = all; ``digest_minutes`` 0 = each notice by itself."""

    name: str
    language: str = "zh"
    least_urgency: str = "normal"
    kinds: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    most_per_hour: int = 20
    digest_minutes: int = 0
    is_on: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Added:
    """``secret``: that of a webhook, to be shown once; None where the asker gave it, or where there is none."""

    target_id: int
    secret: str | None


def add(
    home: Home,
    log: Store,
    operator: Operator,
    kind: TargetKind,
    address: str,
    wanted: Wanted,
    *,
    secret: str | None = None,
    now: datetime,
) -> Added:
    """A new target. ``address``: of e-mail, of a webhook, or of a robot (or its key alone). ``secret``: of a webhook that has one already; without it one is
    made. ``log``: the store that keeps the audit log. Raises ``Forbidden``, ``InvalidTarget``."""
    operator.require("notice.write")
    values = _values(home, wanted)
    shown, kept = _kept(home, kind, address, secret)

    def write(session: Session) -> NoticeTarget:
        _refuse_taken(session, values["name"], None)
        target = notice_targets.add(
            session, {**values, "kind": kind, "address": shown, "rotated_at": None}, by=operator.name, now=now
        )
        target.sealed = notice_secrets.seal(home, target.id, kept)
        return target

    target = _written(home, log, operator, "target.added", write, now)
    return Added(target.id, kept.secrets[0] if kind == "webhook" and not secret else None)


def change(
    home: Home,
    log: Store,
    operator: Operator,
    target_id: int,
    wanted: Wanted,
    *,
    address: str | None = None,
    revision: int,
    now: datetime,
) -> int:
    """The target from now on: its revision. ``address`` None = as it was. One that is switched off drops what waited for it. Raises ``Unknown``, ``TargetChanged``, and
    as ``add``."""
    operator.require("notice.write")
    values = _values(home, wanted)

    def write(session: Session) -> NoticeTarget:
        target = _found(session, target_id, revision)
        _refuse_taken(session, values["name"], target_id)
        if address is not None:
            old = notice_secrets.unseal(home, target)
            target.address, kept = _kept(home, target.kind, address, old.secrets[0] if old.secrets else None)
            secrets = old.secrets if target.kind == "webhook" else kept.secrets
            target.sealed = notice_secrets.seal(home, target_id, Kept(kept.address, secrets))
            _free(target)
        for name, one in values.items():
            setattr(target, name, one)
        if not target.is_on:
            deliveries.cancel_waiting(session, target_id, now=now)
        _touch(target, operator, now)
        return target

    return _written(home, log, operator, "target.changed", write, now).revision


def remove(home: Home, log: Store, operator: Operator, target_id: int, *, revision: int, now: datetime) -> None:
    """It is gone, with its secrets and what waited for it; the log of what was sent stays. Raises ``Forbidden``, ``Unknown``, ``TargetChanged``."""
    operator.require("notice.write")

    def write(session: Session) -> NoticeTarget:
        target = _found(session, target_id, revision)
        deliveries.cancel_waiting(session, target_id, tests_too=True, now=now)
        notice_targets.remove(session, target)
        return target

    _written(home, log, operator, "target.removed", write, now)


def rotate(home: Home, log: Store, operator: Operator, target_id: int, *, revision: int, now: datetime) -> str:
    """A new secret for a webhook, to be shown once. For a day messages are signed with the old one as well. Raises ``Forbidden``, ``Unknown``, ``TargetChanged``,
    ``InvalidTarget``."""
    operator.require("notice.write")
    fresh = webhook.new_secret()

    def write(session: Session) -> NoticeTarget:
        target = _found(session, target_id, revision)
        if target.kind != "webhook":
            raise InvalidTarget("Only webhooks have a secret that can be made anew.", reason="rotate")
        old = notice_secrets.unseal(home, target)
        target.sealed = notice_secrets.seal(home, target_id, Kept(old.address, (fresh, *old.secrets[:1])))
        target.rotated_at = now
        _touch(target, operator, now)
        return target

    _written(home, log, operator, "target.rotated", write, now)
    return fresh


def test(home: Home, log: Store, operator: Operator, target_id: int, *, now: datetime) -> int:
    """Have the worker send a test within seconds, even to one that is off, paused or halted; the number of its delivery, which says what came of it. It is tried
    once. Raises ``Forbidden``, ``Unknown``, ``InvalidTarget`` where the house has nothing to send through."""
    operator.require("notice.write")
    found: list[int] = []

    def write(session: Session) -> NoticeTarget:
        target = notice_targets.one(session, target_id)
        _refuse_without_sender(home, target.kind)
        key, params = f"{target_id}:{now.isoformat()}", {"target": target.name, "target_id": target_id}
        notice = notices.add(session, "test", key, "high", params, None, now=now)
        if notice is None:
            raise TargetChanged("A test of this target has just been asked for.", revision=target.revision)
        notice.is_addressed = True
        sent = deliveries.enqueue(session, target, notice, urgency="high", now=now, is_test=True)
        found.extend([sent.id] if sent is not None else [])
        return target

    _written(home, log, operator, "target.tested", write, now)
    return found[0]


def resume(home: Home, log: Store, operator: Operator, target_id: int, *, now: datetime) -> None:
    """A target that was paused or halted is tried again at once. Raises ``Forbidden``, ``Unknown``."""
    operator.require("notice.write")

    def write(session: Session) -> NoticeTarget:
        target = _found(session, target_id, None)
        _free(target)
        return target

    _written(home, log, operator, "target.resumed", write, now)


def _written(
    home: Home, log: Store, operator: Operator, action: str, write: Callable[[Session], NoticeTarget], now: datetime
) -> NoticeTarget:
    """Write, and tell the audit log what holds now: no address that is a credential, and of a person's not the name."""
    with audit.told(home.store, log) as (session, logged):
        audit.lock(logged)  # one after the other, so that a name is looked for and taken by one
        target = write(session)
        topics.bump(session, TOPIC)
        audit.append(logged, operator, action, f"target:{target.id}", _plain(target) | {"world": home.world}, now=now)
    return target


def _found(session: Session, target_id: int, revision: int | None) -> NoticeTarget:
    target = notice_targets.locked(session, target_id) or notice_targets.one(session, target_id)
    if revision is not None and target.revision != revision:
        raise TargetChanged("Somebody else changed this target.", revision=target.revision)
    return target


def _touch(target: NoticeTarget, operator: Operator, now: datetime) -> None:
    target.revision += 1
    target.by, target.at = operator.name, now


def _free(target: NoticeTarget) -> None:
    target.failures, target.paused_until, target.halted = 0, None, None


def _refuse_taken(session: Session, name: str, target_id: int | None) -> None:
    other = notice_targets.named(session, name)
    if other is not None and other.id != target_id:
        raise InvalidTarget(f"There is a target {name!r} already.", reason="taken", name=name)


def _refuse_without_sender(home: Home, kind: str) -> None:
    if kind == "email" and home.settings.mail is None:
        raise InvalidTarget("No server for e-mail is set (SIYU_SMTP_HOST).", reason="mail")
    if kind == "app":
        with home.store.reading() as session:
            if connectors.app_in_use(session) is None:
                raise InvalidTarget("No connector of WeCom is on that names an app.", reason="app")


def _values(home: Home, wanted: Wanted) -> dict[str, Any]:
    """Columns of what is wanted. Raises ``InvalidTarget``."""
    name = " ".join(wanted.name.split())
    known = units.known(home) if wanted.units else {}
    fits: Mapping[str, bool] = {
        "name": 1 <= len(name) <= LONGEST_NAME and name.isprintable(),
        "language": wanted.language in LANGUAGES,
        "urgency": wanted.least_urgency in URGENCIES,
        "kinds": wanted.kinds is None or (bool(wanted.kinds) and set(wanted.kinds) <= set(KINDS)),
        "units": wanted.units is None or (bool(wanted.units) and (not known or set(wanted.units) <= set(known))),
        "cap": 1 <= wanted.most_per_hour <= MOST_PER_HOUR,
        "digest": 0 <= wanted.digest_minutes <= LONGEST_DIGEST_MINUTES,
    }
    wrong = next((reason for reason, fit in fits.items() if not fit), None)
    if wrong is not None:
        most = {"name": LONGEST_NAME, "cap": MOST_PER_HOUR, "digest": LONGEST_DIGEST_MINUTES}.get(wrong, 0)
        raise InvalidTarget(f"A target cannot have this {wrong}.", reason=wrong, most=most)
    return {
        "name": name,
        "language": wanted.language,
        "least_urgency": wanted.least_urgency,
        "kinds": None if wanted.kinds is None else sorted(set(wanted.kinds)),
        "units": None if wanted.units is None else sorted(set(wanted.units)),
        "most_per_hour": wanted.most_per_hour,
        "digest_minutes": wanted.digest_minutes,
        "is_on": wanted.is_on,
    }


def _kept(home: Home, kind: str, address: str, secret: str | None) -> tuple[str, Kept]:
    """How an address may be shown, and what is to be sealed. Raises ``InvalidTarget``."""
    if kind not in get_args(TargetKind):
        raise InvalidTarget(f"A target is one of {get_args(TargetKind)}.", reason="kind")
    _refuse_without_sender(home, kind)
    given = address.strip()
    if kind == "robot":
        key = robot.key(given)
        if key is None:
            raise InvalidTarget("That is neither the address nor the key of a group robot.", reason="key")
        return f"…{key[-4:]}", Kept(robot.BASE, (key,))
    if kind == "app":
        users = _users(given)
        return _listed(users), Kept("|".join(users))
    if kind == "email":
        if not addresses.is_mail(given):
            raise InvalidTarget("That is not one address of e-mail.", reason="address")
        return given[: notice_targets.LONGEST_SHOWN], Kept(given)
    return _hook(home, given, secret)


def _users(said: str) -> tuple[str, ...]:
    try:
        users = app_message.users(said)
    except InvalidMessage:
        users = ()
    if not 1 <= len(users) <= MOST_USERS:
        raise InvalidTarget("Those are no user ids of WeCom.", reason="users", most=MOST_USERS)
    return users


def _listed(users: Sequence[str]) -> str:
    """The first few, and how many more."""
    shown = ", ".join(users[:SHOWN_USERS])
    return f"{shown} +{len(users) - SHOWN_USERS}" if len(users) > SHOWN_USERS else shown


def _hook(home: Home, address: str, secret: str | None) -> tuple[str, Kept]:
    signing = secret or webhook.new_secret()
    try:
        web = addresses.web(address, home.settings.inner_hosts)
        webhook.opened(signing)
    except InvalidWeb as error:
        raise InvalidTarget("A webhook has an address that begins with https://.", reason=error.reason) from error
    except ValueError as error:
        raise InvalidTarget(str(error), reason="secret") from error
    shown = f"{'https' if web.is_https else 'http'}://{web.said_host}/…"
    return shown[: notice_targets.LONGEST_SHOWN], Kept(address, (signing,))


def _plain(target: NoticeTarget) -> dict[str, Any]:
    """What the audit log may know."""
    local, at, domain = target.address.partition("@")
    shown = f"{local[:1]}…{at}{domain}" if target.kind == "email" else "…" if target.kind == "app" else target.address
    names = ("kind", "name", "language", "least_urgency", "kinds", "units", "most_per_hour", "digest_minutes", "is_on")
    return {name: getattr(target, name) for name in names} | {"address": shown, "revision": target.revision}
