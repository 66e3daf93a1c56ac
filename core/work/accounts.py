"""Accounts: who may come in, in which role, and to which units."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import func, select

from core.errors import InvalidAccount, Unknown
from core.scope import ROLES, SYSTEM, Operator, Role
from core.store import audit
from core.store.audit import Fault, Head
from core.store.session import Session, Store, insert_new
from core.store.tables import LANGUAGES, Account, AuditEntry, LoginSession
from core.work import logins, passwords

FIRST_ACCOUNT = "admin"
_NAME = re.compile(r"[\w.@-]{2,32}")


@dataclass(frozen=True, slots=True)
class Created:
    """A new account and its first password, which is shown once and must be changed at the first log-in."""

    account_id: int
    name: str
    password: str


def first_account(store: Store, *, now: datetime) -> Created | None:
    """Make ``admin`` when there is no account at all; None when there is one. Two processes that start at once make
    one.
    """
    password = passwords.generated()
    password_hash = passwords.hashed(password)
    with store.transaction() as session:
        audit.lock(session)
        if session.scalar(select(func.count()).select_from(Account)):
            return None
        account = _add(session, FIRST_ACCOUNT, FIRST_ACCOUNT, "admin", None, password_hash, now)
        audit.append(session, SYSTEM, "account.created", f"account:{account.name}", {"role": "admin"}, now=now)
        return Created(account.id, account.name, password)


def create(
    store: Store,
    operator: Operator,
    *,
    name: str,
    display_name: str,
    role: str,
    units: Collection[str] | None,
    now: datetime,
    known_units: Collection[str] | None = None,
) -> Created:
    """Make an account. ``units`` None = all units; ``known_units``: those that exist, None where no data names any yet.
    Raises ``InvalidAccount`` and ``Forbidden``."""
    operator.require("accounts.write")
    name, role = logins.tidy(name), _role(role)
    _refuse_units(units, known_units)
    if not _NAME.fullmatch(name):
        raise InvalidAccount("A name has 2 to 32 letters, digits or . _ @ -, and no spaces.", reason="name", name=name)
    password = passwords.generated()
    password_hash = passwords.hashed(password)
    with store.transaction() as session:
        account = _add(session, name, display_name.strip() or name, role, units, password_hash, now)
        details = {"role": role, "units": account.units, "display_name": account.display_name}
        audit.append(session, operator, "account.created", f"account:{name}", details, now=now)
        return Created(account.id, name, password)


def change(
    store: Store,
    operator: Operator,
    account_id: int,
    *,
    display_name: str,
    role: str,
    units: Collection[str] | None,
    now: datetime,
    known_units: Collection[str] | None = None,
) -> None:
    """Set name, role and units at once; they hold from the next click of that person on. Units that the account has already
    may stay, whether or not they are still known.

    Raises ``InvalidAccount`` when it would leave no active admin of all units, when one changes one's own role, or for a unit that does
    not exist.
    """
    operator.require("accounts.write")
    role = _role(role)
    with store.transaction() as session:
        admins, account = _admins(session), _account(session, account_id)
        before = _described(account)
        _refuse_units(set(units or ()) - set(account.units or ()), known_units)
        if role != account.role:
            _refuse_self(operator, account)
        if role != "admin" or units is not None:
            _refuse_last_admin(admins, account)
        account.display_name, account.role = display_name.strip() or account.name, role
        account.units = None if units is None else sorted(units)
        details = {"before": before, "after": _described(account)}
        if details["before"] != details["after"]:
            audit.append(session, operator, "account.changed", f"account:{account.name}", details, now=now)


def disable(store: Store, operator: Operator, account_id: int, *, now: datetime) -> None:
    """Nobody can log in with it any more, and all its sessions end now. Raises ``InvalidAccount`` for oneself and the
    last admin.
    """
    operator.require("accounts.write")
    with store.transaction() as session:
        admins, account = _admins(session), _account(session, account_id)
        _refuse_self(operator, account)
        _refuse_last_admin(admins, account)
        account.is_active = False
        details = {"sessions_ended": logins.end_sessions(session, [account.id])}
        audit.append(session, operator, "account.disabled", f"account:{account.name}", details, now=now)


def enable(store: Store, operator: Operator, account_id: int, *, now: datetime) -> None:
    """Undo ``disable``. The password is the one it had."""
    operator.require("accounts.write")
    with store.transaction() as session:
        account = _account(session, account_id)
        account.is_active = True
        audit.append(session, operator, "account.enabled", f"account:{account.name}", now=now)


def reset_password(store: Store, operator: Operator, account_id: int, *, now: datetime) -> str:
    """A new random password, shown once, to be changed at the next log-in. All sessions end, and waiting after
    failures too.
    """
    operator.require("accounts.write")
    password = passwords.generated()
    password_hash = passwords.hashed(password)
    with store.transaction() as session:
        account = _account(session, account_id)
        account.password_hash, account.must_change_password = password_hash, True
        logins.forgive_account(session, account.name)
        details = {"sessions_ended": logins.end_sessions(session, [account.id])}
        audit.append(session, operator, "account.password_reset", f"account:{account.name}", details, now=now)
    return password


def set_language(store: Store, operator: Operator, language: str) -> None:
    """Of one's own account. Not audited: it concerns nobody else."""
    if language not in LANGUAGES:
        raise InvalidAccount(f"There is no language {language!r}.", reason="language", language=language)
    if operator.account_id is not None:
        with store.transaction() as session:
            _account(session, operator.account_id).language = language


def end_session(store: Store, operator: Operator, session_id: int, *, now: datetime) -> bool:
    """End one session of anybody, in all its tabs. False when it had ended already."""
    operator.require("accounts.write")
    with store.transaction() as session:
        login = session.get(LoginSession, session_id)
        if login is None:
            return False
        account = _account(session, login.account_id)
        session.delete(login)
        audit.append(session, operator, "account.session_ended", f"account:{account.name}", now=now)
        return True


def listed(store: Store, operator: Operator) -> list[Account]:
    """All accounts, the active ones first, by name."""
    operator.require("accounts.see")
    with store.reading() as session:
        return list(session.execute(select(Account).order_by(Account.is_active.desc(), Account.name)).scalars())


def sessions(store: Store, operator: Operator, *, now: datetime) -> list[tuple[LoginSession, Account]]:
    """Open sessions with their accounts, the most recently seen first."""
    operator.require("accounts.see")
    with store.reading() as session:
        query = select(LoginSession, Account).join(Account).where(Account.is_active)
        newest_first = query.order_by(LoginSession.seen_at.desc(), LoginSession.id)
        return [(login, account) for login, account in session.execute(newest_first) if logins.is_open(login, now)]


def audit_entries(
    store: Store, operator: Operator, *, actor: str = "", action: str = "", limit: int, offset: int = 0
) -> tuple[list[AuditEntry], int]:
    """One page of the audit log, newest first, and how many entries there are in all."""
    operator.require("audit.see")
    wanted = [AuditEntry.actor == actor] if actor else []
    wanted += [AuditEntry.action == action] if action else []
    with store.reading() as session:
        total = session.scalar(select(func.count()).select_from(AuditEntry).where(*wanted)) or 0
        query = select(AuditEntry).where(*wanted).order_by(AuditEntry.sequence.desc()).limit(limit).offset(offset)
        return list(session.execute(query).scalars()), total


def audit_names(store: Store, operator: Operator) -> tuple[list[str], list[str]]:
    """Actors and actions that occur in the audit log, sorted."""
    operator.require("audit.see")
    with store.reading() as session:
        actors = session.scalars(select(AuditEntry.actor).distinct().order_by(AuditEntry.actor))
        actions = session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action))
        return list(actors), list(actions)


def verify_audit(store: Store, operator: Operator, *, exported: Head | None = None) -> tuple[list[Fault], Head]:
    """What is wrong with the audit log (nothing: it is whole), and its head, to be kept somewhere else."""
    operator.require("audit.see")
    with store.reading() as session:
        return audit.verify(session, exported=exported), audit.head(session)


def _add(
    session: Session,
    name: str,
    display_name: str,
    role: str,
    units: Collection[str] | None,
    password_hash: str,
    now: datetime,
) -> Account:
    values = {
        "name": name, "display_name": display_name, "role": role, "units": None if units is None else sorted(units),
        "password_hash": password_hash, "must_change_password": True, "created_at": now,
    }  # fmt: skip
    account = insert_new(session, Account, values, unique=("name",))
    if account is None:
        raise InvalidAccount(f"The name {name} is taken.", reason="taken", name=name)
    return account


def _account(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise Unknown("account", str(account_id))
    return account


def _described(account: Account) -> dict[str, object]:
    return {"display_name": account.display_name, "role": account.role, "units": account.units}


def _role(role: str) -> Role:
    if role not in ROLES:
        raise InvalidAccount(f"There is no role {role!r}.", reason="role", role=role)
    return role


def _refuse_units(units: Collection[str] | None, known: Collection[str] | None) -> None:
    """A unit that does not exist would show nothing to whoever has it, as if there were no data."""
    for unit in sorted(units or ()):
        if known is not None and unit not in known:
            near = ", ".join(get_close_matches(unit, known, n=3, cutoff=0.5))
            hint = f" Near ones: {near}." if near else ""
            message = f"There is no unit {unit!r}.{hint} `python -m core user units` lists them."
            raise InvalidAccount(message, reason="unit", unit=unit)


def _refuse_self(operator: Operator, account: Account) -> None:
    if operator.account_id == account.id:
        raise InvalidAccount("Nobody can disable an own account or change its role.", reason="self", name=account.name)


def _admins(session: Session) -> set[int]:
    """Ids of the active admins of all units; others may not manage accounts. Locked, before any other account is, so that two
    admins cannot remove each other at the same moment, nor wait for each other."""
    of_all = (Account.role == "admin", Account.is_active, Account.units.is_(None))
    return set(session.scalars(select(Account.id).where(*of_all).order_by(Account.id).with_for_update()))


def _refuse_last_admin(admins: set[int], account: Account) -> None:
    if admins == {account.id}:
        raise InvalidAccount("The house needs one active admin of all units.", reason="last_admin", name=account.name)
