"""Who may answer for an incident, or take a task of it over."""

from dataclasses import dataclass

from sqlalchemy import select

from core.scope import Operator, Scope
from core.store.session import Store
from core.store.tables import Account
from core.work.home import Home
from core.work.incident_turns import seen
from core.work.segments import covers

OWNING, HELPING = "incident.write", "risk.see"
"""Permissions of whoever answers for an incident, and of whoever takes a task over."""


@dataclass(frozen=True, slots=True)
class Owner:
    """``can_own``: whether the incident may be theirs; tasks may be in any case."""

    name: str
    display_name: str
    role: str
    can_own: bool


def owners(home: Home, log: Store, operator: Operator, incident_id: int) -> tuple[Owner, ...]:
    """Accounts in use that see the incident, by name. ``log``: the store of the accounts. Raises ``Forbidden``, ``Unknown``."""
    operator.require(OWNING)
    mine = covers(home, operator)
    with home.store.reading() as session:
        units = seen(session, mine, incident_id).units
    with log.reading() as session:
        accounts = list(session.scalars(select(Account).where(Account.is_active).order_by(Account.name)))
    found = []
    for account in accounts:
        scope = Scope(None if account.units is None else frozenset(account.units))
        who = Operator(account.id, account.name, account.role, scope)  # type: ignore[arg-type]
        if who.can(HELPING) and covers(home, who)(units):
            found.append(Owner(who.name, account.display_name, account.role, who.can(OWNING)))
    return tuple(found)
