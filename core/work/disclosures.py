"""Showing one personal value to one person, for a stated reason."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from core.errors import Forbidden, Unknown
from core.privacy.disclosure import masked
from core.privacy.vault import Vault, identity_label, profile_label
from core.scope import Operator
from core.store import audit, identity_values, profile_fields
from core.store.profile_fields import NICKNAME
from core.store.session import Store
from core.store.tables import IdentityValue
from core.work import reasons
from core.work.home import Home
from core.work.questions.reading import reading


def reveal(home: Home, log: Store, operator: Operator, identity_key: int, *, reason: str, now: datetime) -> str:
    """The raw value of an identity. The audit entry (whose it is, of which type, why) is committed before the value is returned, and
    never holds it.

    ``log``: the store that keeps the audit log. Raises ``Forbidden`` without the permission, and for people outside the operator's
    units; ``InvalidDecision`` without a reason; ``Unknown``; ``WrongKey``.
    """
    operator.require("personal.reveal")
    why = reasons.stated(reason)
    member_id = _whose(home, operator, identity_key)
    with home.store.reading() as session:
        found = identity_values.value(session, identity_key)
    if found is None:
        raise Unknown("identity", str(identity_key))
    value = Vault(home.keys).open(found.ciphertext, identity_label(identity_key))
    with log.transaction() as session:
        details = {"reason": why, "type": found.identity_type, "member": member_id, "world": home.world}
        audit.append(session, operator, "identity.revealed", f"identity:{identity_key}", details, now=now)
    return value


def shown(home: Home, operator: Operator, identity_keys: Iterable[int]) -> dict[int, str]:
    """Masked values of identities, by key, as many as the store has; nothing else of a value leaves this function.

    The caller asks only for identities that the operator may see. Raises ``Forbidden``.
    """
    if not operator.can("identity.see"):
        operator.require("people.see")
    wanted = sorted({int(key) for key in identity_keys})
    with home.store.reading() as session:
        rows = list(session.scalars(select(IdentityValue).where(IdentityValue.identity_key.in_(wanted))))
    vault = Vault(home.keys)
    opened = ((row, vault.open(row.ciphertext, identity_label(row.identity_key))) for row in rows)
    return {row.identity_key: masked(row.identity_type, value) for row, value in opened}


def reveal_nickname(
    home: Home, log: Store, operator: Operator, identity_key: int, *, reason: str, now: datetime
) -> str:
    """What somebody is called, filed under an identity; audited, and refused, as ``reveal`` is."""
    operator.require("personal.reveal")
    why = reasons.stated(reason)
    member_id = _whose(home, operator, identity_key)
    with home.store.reading() as session:
        found = profile_fields.told(session, NICKNAME, [identity_key]).get(identity_key)
    if found is None:
        raise Unknown("identity", str(identity_key))
    value = Vault(home.keys).open(found.ciphertext, profile_label(identity_key, NICKNAME))
    with log.transaction() as session:
        details = {"reason": why, "type": NICKNAME, "member": member_id, "world": home.world}
        audit.append(session, operator, "identity.revealed", f"identity:{identity_key}", details, now=now)
    return value


def nickname(home: Home, operator: Operator, identity_keys: Iterable[int]) -> tuple[int, str] | None:
    """What one person is called, masked, and the identity that it is filed under; null where nobody told. As ``shown``: the caller asks only for identities that the
    operator may see. Raises ``Forbidden``."""
    if not operator.can("identity.see"):
        operator.require("people.see")
    with home.store.reading() as session:
        told = profile_fields.told(session, NICKNAME, sorted({int(key) for key in identity_keys}))
    key = profile_fields.last(told, list(told))
    if key is None:
        return None
    return key, masked(NICKNAME, Vault(home.keys).open(told[key].ciphertext, profile_label(key, NICKNAME)))


def _whose(home: Home, operator: Operator, identity_key: int) -> str | None:
    """Number of the member, who belongs to one of the operator's units; of an identity of nobody's none, for those who see everybody."""
    with reading(home, scope=operator.scope) as question:
        own = question.member_map.filter(question.member_map.identity_key == identity_key)
        seen = own if question.allowed is None else own.semi_join(question.allowed, "member_id")
        found = question.snapshot.arrow(seen)["member_id"].to_pylist()
    if not found and not operator.scope.sees_all:
        raise Forbidden("This person belongs to none of your units.", permission="personal.reveal", role=operator.role)
    return str(found[0]) if found else None
