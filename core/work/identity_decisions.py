"""What persons decide about identities: blocks, merges, cuts, limits. Each has a reason, is audited, and can be undone.

A decision holds the lake's lock, so decisions and imports never overlap. The new map is written first, the decision with its
audit entry second, and the lake's manifest, which makes the map visible, last. Should a process die between the last two,
``settle`` brings the map up to the decision; the worker calls it when it starts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir
from sqlalchemy import select

from core.errors import InvalidDecision, Unknown
from core.lake.reader import Snapshot
from core.lake.writer import Change
from core.schema import IDENTITY_TYPES
from core.scope import Operator
from core.store import audit, choices, topics
from core.store.session import Session, Store
from core.store.tables import IdentityDecision
from core.work import identities, reasons
from core.work.home import Home

TOPIC = "merges"
LARGEST_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Decided:
    """``is_map_changed`` False: the decision stands, but nobody's membership depended on it."""

    decision_id: int
    is_map_changed: bool


def block(home: Home, log: Store, operator: Operator, identity_key: int, *, reason: str, now: datetime) -> Decided:
    """This identity names nobody (a phone of zeros): it connects nobody any more. It need not have been seen yet.

    ``log``: the store that keeps the audit log. Raises ``Forbidden``, and ``InvalidDecision`` when it is blocked already.
    """

    def decide(session: Session, _: Snapshot) -> IdentityDecision:
        if _standing(session, "block", identity_key):
            raise InvalidDecision("This identity is blocked already.", reason="done")
        return IdentityDecision(kind="block", left_key=identity_key)

    return _decide(home, log, operator, decide, reason, now)


def unblock(home: Home, log: Store, operator: Operator, identity_key: int, *, reason: str, now: datetime) -> Decided:
    """Take back the block of an identity. Raises ``Forbidden``, and ``InvalidDecision`` when it is not blocked."""

    def decide(session: Session, _: Snapshot) -> IdentityDecision:
        found = _standing(session, "block", identity_key)
        if not found:
            raise InvalidDecision("This identity is not blocked.", reason="undone")
        return _undoing(found[0])

    return _decide(home, log, operator, decide, reason, now)


def merge(
    home: Home, log: Store, operator: Operator, left_member: int, right_member: int, *, reason: str, now: datetime
) -> Decided:
    """These two members are one person. The member that arrived first gives its id.

    Raises ``Forbidden``; ``Unknown`` for a member that does not exist; ``InvalidDecision`` when they are one already, when
    either has only blocked identities, or when a cut stands between them (undo it first).
    """

    def decide(session: Session, snapshot: Snapshot) -> IdentityDecision:
        if left_member == right_member:
            raise InvalidDecision("This is one member already.", reason="same")
        left, right = (_identities_of(snapshot, member) for member in (left_member, right_member))
        for cut in _standing(session, "cut"):
            if {cut.left_key, cut.right_key} <= {*left, *right} and (cut.left_key in left) != (cut.right_key in left):
                raise InvalidDecision(
                    "These members were cut apart by decision. Undo it first.", reason="cut", decision=cut.id
                )
        blocked = {row.left_key for row in _standing(session, "block")}
        return IdentityDecision(kind="link", left_key=_spokesman(left, blocked), right_key=_spokesman(right, blocked))

    return _decide(home, log, operator, decide, reason, now)


def cut(
    home: Home, log: Store, operator: Operator, left_key: int, right_key: int, *, reason: str, now: datetime
) -> Decided:
    """These two identities are not one person, whatever evidence says: the youngest link between them is left out.

    Raises ``Forbidden``; ``Unknown`` for an identity that the lake has not seen; ``InvalidDecision`` when they are cut already,
    or were merged by decision (undo that one).
    """

    def decide(session: Session, snapshot: Snapshot) -> IdentityDecision:
        if left_key == right_key:
            raise InvalidDecision("An identity cannot be cut from itself.", reason="same")
        seen = snapshot.member_map()
        found = set(
            snapshot.arrow(seen.filter(seen.identity_key.isin([left_key, right_key])))["identity_key"].to_pylist()
        )
        for key in (left_key, right_key):
            if key not in found:
                raise Unknown("identity", str(key))
        for kind, why in (("cut", "done"), ("link", "linked")):
            for row in _standing(session, kind):
                if {row.left_key, row.right_key} == {left_key, right_key}:
                    raise InvalidDecision("A decision about this pair stands already.", reason=why, decision=row.id)
        return IdentityDecision(kind="cut", left_key=left_key, right_key=right_key)

    return _decide(home, log, operator, decide, reason, now)


def undo(home: Home, log: Store, operator: Operator, decision_id: int, *, reason: str, now: datetime) -> Decided:
    """Take back a block, merge or cut: members are what they would be had it never been made.

    Raises ``Forbidden``; ``Unknown``; ``InvalidDecision`` when it was undone already, or is itself an undo.
    """

    def decide(session: Session, _: Snapshot) -> IdentityDecision:
        found = session.get(IdentityDecision, decision_id)
        if found is None:
            raise Unknown("decision", str(decision_id))
        is_undone = session.scalar(select(IdentityDecision.id).where(IdentityDecision.undoes_id == decision_id))
        if is_undone or found.kind not in identities.UNDO_OF:
            raise InvalidDecision("This decision was undone already, or is an undo itself.", reason="undone")
        return _undoing(found)

    return _decide(home, log, operator, decide, reason, now)


def set_limits(
    home: Home, log: Store, operator: Operator, limits: Mapping[str, int], *, reason: str, now: datetime
) -> bool:
    """Change limits of identity types; others stay. Returns whether anybody's membership changed.

    Raises ``Forbidden``; ``Unknown`` for a type that does not exist; ``InvalidDecision`` for a limit below 1.
    """
    operator.require("identity.write")
    why = reasons.stated(reason)
    for kind, most in limits.items():
        if kind not in IDENTITY_TYPES:
            raise Unknown("identity type", kind, IDENTITY_TYPES)
        if not 1 <= most <= LARGEST_LIMIT:
            raise InvalidDecision(f"A limit is a number from 1 to {LARGEST_LIMIT}.", reason="limit", kind=kind)
    with home.writer.change("identity") as change:
        with home.store.reading() as session:
            before = identities.limits(session)
        is_changed = identities.rebuild(change, home.store, most=before | dict(limits))
        with audit.told(home.store, log) as (session, logged):
            choices.write(session, identities.LIMITS, before | dict(limits), by=operator.name, now=now)
            topics.bump(session, TOPIC)
            details = {"reason": why, "before": before, "after": before | dict(limits)}
            audit.append(logged, operator, "identity.limits_changed", "identity:limits", details, now=now)
        return is_changed


def settle(home: Home) -> bool:
    """Bring the map up to the evidence, decisions and limits there are. True when it was not."""
    with home.writer.change("identity") as change:
        return identities.rebuild(change, home.store)


# -- how every decision is made -------------------------------------------------------------------------------------


def _decide(
    home: Home,
    log: Store,
    operator: Operator,
    decide: Callable[[Session, Snapshot], IdentityDecision],
    reason: str,
    now: datetime,
) -> Decided:
    operator.require("identity.write")
    why = reasons.stated(reason)
    with home.writer.change("identity") as change:
        with home.store.reading() as session:
            decision = decide(session, change.snapshot)
        decision.reason, decision.by, decision.at = why, operator.name, now
        is_changed = identities.rebuild(change, home.store, pending=decision)
        with audit.told(home.store, log) as (session, logged):
            session.add(decision)
            session.flush()
            topics.bump(session, TOPIC)
            audit.append(
                logged, operator, f"identity.{decision.kind}", f"identity:{decision.left_key}", _said(decision), now=now
            )
        _noted(change, decision)
        return Decided(decision.id, is_changed)


def _said(decision: IdentityDecision) -> dict[str, Any]:
    return {
        "decision": decision.id,
        "reason": decision.reason,
        "left": str(decision.left_key),
        "right": None if decision.right_key is None else str(decision.right_key),
        "undoes": decision.undoes_id,
    }


def _noted(change: Change, decision: IdentityDecision) -> None:
    change.note["decision"] = {"id": decision.id, "kind": decision.kind, "by": decision.by}


def _standing(session: Session, kind: str, left_key: int | None = None) -> list[IdentityDecision]:
    return [
        row
        for row in identities.standing(session)
        if row.kind == kind and (left_key is None or row.left_key == left_key)
    ]


def _undoing(decision: IdentityDecision) -> IdentityDecision:
    return IdentityDecision(
        kind=identities.UNDO_OF[decision.kind],
        left_key=decision.left_key,
        right_key=decision.right_key,
        undoes_id=decision.id,
    )


def _identities_of(snapshot: Snapshot, member_id: int) -> dict[int, bool]:
    """Keys of a member's identities, oldest first, and whether they are anonymous."""
    members = snapshot.member_map()
    own = members.filter(members.member_id == member_id).select("identity_key")
    seen = snapshot.table("identities").semi_join(own, "identity_key")
    rows = snapshot.arrow(_arrivals(seen)).to_pylist()
    if not rows:
        raise Unknown("member", str(member_id))
    return {row["identity_key"]: row["identity_type"] == "anonymous_id" for row in rows}


def _arrivals(seen: ir.Table) -> ir.Table:
    ordered = seen.order_by(["batch_id", "row_number", "identity_key"])
    return ordered.select("identity_key", "identity_type")


def _spokesman(keys: Mapping[int, bool], blocked: set[int]) -> int:
    """The identity by which a member is merged: its oldest that is not blocked, a known one before an anonymous one."""
    able = [key for key in keys if key not in blocked]
    if not able:
        raise InvalidDecision("All identities of this member are blocked.", reason="blocked")
    return next((key for key in able if not keys[key]), able[0])
