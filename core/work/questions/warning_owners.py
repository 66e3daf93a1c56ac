"""Who may answer for a warning."""

from sqlalchemy import select

from core.scope import Operator, Scope
from core.store import warnings
from core.store.session import Store
from core.store.tables import Account
from core.work.home import Home
from core.work.segments import covers


def owners(home: Home, log: Store, operator: Operator, warning_id: int) -> tuple[str, ...]:
    """Names of the accounts in use that see the warning, in order. ``log``: the store of the accounts. Raises ``Forbidden``, ``Unknown``."""
    operator.require("risk.judge")
    with home.store.reading() as session:
        unit = warnings.one(session, warning_id).unit_id
    with log.reading() as session:
        accounts = list(session.scalars(select(Account).where(Account.is_active).order_by(Account.name)))
    units = None if unit is None else [unit]
    found = []
    for account in accounts:
        scope = Scope(None if account.units is None else frozenset(account.units))
        who = Operator(account.id, account.name, account.role, scope)  # type: ignore[arg-type]
        if who.can("risk.see") and covers(home, who)(units):
            found.append(account.name)
    return tuple(found)
