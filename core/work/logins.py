"""Logging in and out: passwords are tried here, attempts are slowed down, sessions begin and end."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from sqlalchemy import ColumnElement, delete, select, update

from core.errors import InvalidPassword, TooManyAttempts, WrongCredentials
from core.scope import EVERYTHING, Operator, Role, Scope
from core.store import audit
from core.store.session import Session, Store, upsert
from core.store.tables import LANGUAGES, Account, LoginAttempt, LoginSession
from core.work import passwords

IDLE_LIMIT = timedelta(hours=12)
ABSOLUTE_LIMIT = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the time of the last visit is kept; every request writing it would make readers into writers."""

FREE_ATTEMPTS = {"account": 5, "address": 20}
"""Failures in a row before waiting begins. An address may be a whole office, so it has more."""
LONGEST_WAIT = timedelta(minutes=15)
FORGIVEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever is logged in in one browser, as the store knows them now."""

    session_id: int
    display_name: str
    language: str
    must_change_password: bool
    operator: Operator


@dataclass(frozen=True, slots=True)
class Login:
    """A session that was begun and not ended, and the account whose it is, which is active."""

    session: LoginSession
    account: Account


@dataclass(frozen=True, slots=True)
class Ticket:
    """A session that has just begun. ``token`` goes into the cookie and is kept nowhere else."""

    token: str
    account_id: int
    must_change_password: bool
    language: str


@dataclass(frozen=True, slots=True)
class _Known:
    account_id: int
    password_hash: str


def log_in(
    store: Store,
    *,
    name: str,
    password: str,
    address: str,
    user_agent: str,
    now: datetime,
    language: str | None = None,
) -> Ticket:
    """Begin a session. ``language``: that of the form; an account at its first log-in takes it for its own.

    Raises ``WrongCredentials`` in the same words and after the same time for an unknown name, a wrong password and a disabled
    account; ``TooManyAttempts`` while this account or this address has to wait. No wait is longer than 15 minutes.
    """
    name = tidy(name.replace("\0", ""))  # which PostgreSQL takes in no text
    known = _begin_attempt(store, name, address, now)
    if not passwords.fits(password, known.password_hash if known else None):
        _note_failure(store, name, known, address, now)
        raise WrongCredentials("Name and password do not belong together.")
    assert known is not None
    rehashed = passwords.hashed(password) if passwords.is_outdated(known.password_hash) else known.password_hash
    with store.transaction() as session:
        account = session.get(Account, known.account_id, with_for_update=True)
        # The password was tried outside the transaction, so that nobody waits for it: it may have been changed
        # meanwhile.
        if account is None or not account.is_active or account.password_hash != known.password_hash:
            raise WrongCredentials("Name and password do not belong together.")
        account.password_hash = rehashed
        if account.must_change_password and language in LANGUAGES:
            account.language = language
        _forgive(session, name, address, now)
        audit.append(session, operator(account), "account.logged_in", f"account:{name}", {"address": address}, now=now)
        return _begin(session, account, user_agent, now)


def visitor(store: Store, token: str, *, now: datetime) -> Visitor | None:
    """Who holds this token, or None when the session is unknown, over or idle for 12 hours. Notes the visit."""
    return visit(store, _login(store, LoginSession.token_sha256 == _fingerprint(token)), now=now)


def visitor_of_session(store: Store, session_id: int, *, now: datetime) -> Visitor | None:
    """As ``visitor``, for code that was already told the number of the session by someone who saw the token."""
    return visit(store, login(store, session_id), now=now)


def login(store: Store, session_id: int) -> Login | None:
    """The session as the store has it, or None; stands until somebody writes to the store."""
    return _login(store, LoginSession.id == session_id)


def visit(store: Store, known: Login | None, *, now: datetime) -> Visitor | None:
    """Who visits in this session, or None when there is none, or it is over by now. Notes the visit."""
    if known is None or not is_open(known.session, now):
        return None
    session, account = known.session, known.account
    if now - session.seen_at >= SEEN_EVERY:
        with store.transaction() as writing:
            writing.execute(update(LoginSession).where(LoginSession.id == session.id).values(seen_at=now))
    return Visitor(session.id, account.display_name, account.language, account.must_change_password, operator(account))


def log_out(store: Store, who: Visitor, *, now: datetime) -> None:
    """End the session in all its tabs. Doing it again does no harm."""
    with store.transaction() as session:
        ended = session.execute(
            delete(LoginSession).where(LoginSession.id == who.session_id).returning(LoginSession.id)
        )
        if ended.all():
            audit.append(session, who.operator, "account.logged_out", f"account:{who.operator.name}", now=now)


def change_password(
    store: Store, who: Visitor, *, old: str, new: str, address: str, user_agent: str, now: datetime
) -> Ticket:
    """Change one's own password. Every session of the account ends, and a new one begins for this browser.

    Raises ``WrongCredentials`` (the old one is wrong), ``TooManyAttempts`` and ``InvalidPassword``.
    """
    name = who.operator.name
    known = _begin_attempt(store, name, address, now)
    if known is None or not passwords.fits(old, known.password_hash):
        _note_failure(store, name, known, address, now)
        raise WrongCredentials("The old password is wrong.")
    passwords.check(new, account=name)
    if new == old:
        raise InvalidPassword("The new password is the old one.", reason="same")
    fresh = passwords.hashed(new)
    with store.transaction() as session:
        account = session.get_one(Account, known.account_id, with_for_update=True)
        if not account.is_active or account.password_hash != known.password_hash:
            raise WrongCredentials("The old password is wrong.")
        account.password_hash, account.must_change_password = fresh, False
        end_sessions(session, [account.id])
        _forgive(session, name, address, now)
        audit.append(session, who.operator, "account.password_changed", f"account:{name}", now=now)
        return _begin(session, account, user_agent, now)


def end_sessions(session: Session, account_ids: Iterable[int]) -> int:
    """End all sessions of these accounts within the caller's transaction; returns how many there were."""
    ended = session.execute(
        delete(LoginSession).where(LoginSession.account_id.in_(list(account_ids))).returning(LoginSession.id)
    )
    return len(ended.all())


def forgive_account(session: Session, name: str) -> None:
    """Forget the account's failures, within the caller's transaction."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.subject == f"account:{name}"))


def operator(account: Account) -> Operator:
    """In whose name an account acts, and what it may see."""
    scope = EVERYTHING if account.units is None else Scope(frozenset(account.units))
    role: Role = account.role  # type: ignore[assignment]
    return Operator(account.id, account.name, role, scope)


def tidy(name: str) -> str:
    """Names are compared without regard to case and surrounding space."""
    return name.strip().casefold()[:64]


def _login(store: Store, condition: ColumnElement[bool]) -> Login | None:
    with store.reading() as session:
        row = session.execute(
            select(LoginSession, Account).join(Account).where(condition, Account.is_active)
        ).one_or_none()
        return Login(*row) if row else None


def is_open(login: LoginSession, now: datetime) -> bool:
    """Neither over nor idle for too long."""
    return now < login.expires_at and now - login.seen_at < IDLE_LIMIT


def _begin(session: Session, account: Account, user_agent: str, now: datetime) -> Ticket:
    session.execute(delete(LoginSession).where(LoginSession.expires_at <= now))
    token = secrets.token_urlsafe(32)
    login = LoginSession(
        token_sha256=_fingerprint(token),
        account_id=account.id,
        created_at=now,
        seen_at=now,
        expires_at=now + ABSOLUTE_LIMIT,
        user_agent=user_agent[:200],
    )
    session.add(login)
    return Ticket(token, account.id, account.must_change_password, account.language)


def _fingerprint(token: str) -> str:
    return sha256(token.encode()).hexdigest()


# -- slowing down ----------------------------------------------------------------------------------------------------


def _begin_attempt(store: Store, name: str, address: str, now: datetime) -> _Known | None:
    """Count the attempt as failed before the password is tried, so that a thousand at once are not a thousand first
    ones.
    """
    with store.transaction() as session:
        session.execute(delete(LoginAttempt).where(LoginAttempt.last_at < now - FORGIVEN_AFTER))
        attempts = [_locked(session, subject, now) for subject in _subjects(name, address)]
        wait = max(attempt.not_before for attempt in attempts) - now
        if wait > timedelta():
            seconds = ceil(wait.total_seconds())
            raise TooManyAttempts(f"Too many attempts. Try again in {seconds} seconds.", seconds=seconds)
        for attempt in attempts:
            _count(attempt, now)
        query = select(Account.id, Account.password_hash).where(Account.name == name, Account.is_active)
        row = session.execute(query).one_or_none()
        return _Known(row.id, row.password_hash) if row else None


def _subjects(name: str, address: str) -> tuple[str, str]:
    return f"account:{name}", f"address:{address[:100]}"


def _locked(session: Session, subject: str, now: datetime) -> LoginAttempt:
    """The subject's row, made if need be, so that there is something for attempts at the same moment to wait for."""
    first = {"subject": subject, "failures": 0, "last_at": now, "not_before": now}
    session.execute(upsert(session, LoginAttempt).values(first).on_conflict_do_nothing())
    return session.get_one(LoginAttempt, subject, with_for_update=True)


def _count(attempt: LoginAttempt, now: datetime) -> None:
    attempt.failures += 1
    late = attempt.failures - FREE_ATTEMPTS[attempt.subject.partition(":")[0]]
    wait = timedelta(seconds=2 ** min(late, 16)) if late >= 0 else timedelta()
    attempt.last_at, attempt.not_before = now, now + min(wait, LONGEST_WAIT)


def _forgive(session: Session, name: str, address: str, now: datetime) -> None:
    """A success ends the account's row of failures, and takes back this one attempt from the address.

    Not all of the address's: somebody with one account could else try the passwords of all others without ever waiting.
    """
    forgive_account(session, name)
    back = update(LoginAttempt).where(LoginAttempt.subject == _subjects(name, address)[1])
    session.execute(back.values(failures=LoginAttempt.failures - 1, not_before=now))


def _note_failure(store: Store, name: str, known: _Known | None, address: str, now: datetime) -> None:
    """In the audit log. An unknown name is left out: people type passwords into the wrong field."""
    nobody = Operator(None, "nobody", "system")
    subject = f"account:{name}" if known else "account:unknown"
    with store.transaction() as session:
        audit.append(session, nobody, "account.login_failed", subject, {"address": address}, now=now)
