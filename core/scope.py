"""Who may see which units, and who may do what. Every read takes a Scope, every write names a permission."""

from dataclasses import dataclass
from typing import Literal

from core.errors import Forbidden
from core.periods import Period

Role = Literal["manager", "executive", "analyst", "admin", "compliance"]
ROLES: tuple[Role, ...] = ("manager", "executive", "analyst", "admin", "compliance")

PERMISSIONS: dict[str, frozenset[str]] = {
    "today.see": frozenset({"manager", "executive", "analyst", "admin", "compliance"}),
    "overview.see": frozenset({"manager", "executive", "analyst", "admin"}),
    "community.see": frozenset({"manager", "executive", "analyst", "admin"}),
    "content.see": frozenset({"manager", "executive", "analyst", "admin"}),
    "channels.see": frozenset({"manager", "executive", "analyst", "admin"}),
    "funnel.see": frozenset({"manager", "executive", "analyst", "admin"}),
    "customers.see": frozenset({"manager", "executive", "analyst", "admin"}),
    "people.see": frozenset({"manager", "analyst", "admin", "compliance"}),
    "people.export": frozenset({"analyst", "compliance"}),
    "personal.reveal": frozenset({"manager", "compliance"}),
    "segment.write": frozenset({"manager", "analyst", "admin"}),
    "forecast.see": frozenset({"manager", "executive", "analyst", "admin"}),
    "forecast.write": frozenset({"analyst", "admin"}),
    "scores.see": frozenset({"manager", "executive", "analyst", "admin"}),
    "scores.write": frozenset({"analyst", "admin"}),
    "risk.see": frozenset({"manager", "executive", "analyst", "admin", "compliance"}),
    "risk.judge": frozenset({"manager", "analyst", "admin"}),
    "risk.write": frozenset({"analyst", "admin"}),
    "incident.write": frozenset({"manager", "analyst", "admin", "compliance"}),
    "notice.write": frozenset({"admin"}),
    "campaign.see": frozenset({"manager", "executive", "analyst", "admin", "compliance"}),
    "campaign.write": frozenset({"manager", "admin"}),
    "campaign.approve": frozenset({"manager", "admin", "compliance"}),
    "sending.stop": frozenset({"manager", "admin", "compliance"}),
    "sending.start": frozenset({"admin", "compliance"}),
    "suppression.write": frozenset({"admin", "compliance"}),
    "connector.write": frozenset({"admin"}),
    "sources.see": frozenset({"analyst", "admin", "compliance"}),
    "sources.write": frozenset({"analyst", "admin"}),
    "rejects.download": frozenset({"analyst", "admin"}),
    "identity.see": frozenset({"analyst", "admin", "compliance"}),
    "identity.write": frozenset({"admin"}),
    "catalog.see": frozenset({"manager", "executive", "analyst", "admin", "compliance"}),
    "accounts.see": frozenset({"admin", "compliance"}),
    "accounts.write": frozenset({"admin"}),
    "audit.see": frozenset({"admin", "compliance"}),
    "demo.remove": frozenset({"admin"}),
}

HOUSE_WIDE = frozenset(
    {
        "scores.write",
        "risk.write",
        "notice.write",
        "sending.start",
        "connector.write",
        "sources.see",
        "sources.write",
        "rejects.download",
        "identity.write",
        "accounts.see",
        "accounts.write",
        "audit.see",
        "demo.remove",
    }
)
"""Permissions over things that belong to no unit. They need a role that holds them and a scope of all units."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The units whose members one may see, those of the units below them included (``core.work.questions.units``).

    ``units=None`` means all of them and people without a unit as well.
    """

    units: frozenset[str] | None = None

    @property
    def sees_all(self) -> bool:
        return self.units is None

    def key(self) -> str:
        """Part of a cache key: equal scopes, equal keys."""
        return "*" if self.units is None else ",".join(sorted(self.units))


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Filters:
    """What the asker narrowed the question to. Nothing chosen means everything the scope allows.

    ``channels`` cut facts; ``units``, those below them included, and ``segment`` cut members, and leave out what no member is
    known for.
    """

    period: Period | None = None
    channels: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    segment: int | None = None

    @property
    def cuts_members(self) -> bool:
        return bool(self.units) or self.segment is not None


@dataclass(frozen=True, slots=True)
class Operator:
    """The person, or ``system``, in whose name something is read or done."""

    account_id: int | None
    name: str
    role: Role | Literal["system"]
    scope: Scope = EVERYTHING

    def can(self, permission: str) -> bool:
        is_in_scope = self.scope.sees_all or permission not in HOUSE_WIDE
        return self.role == "system" or (self.role in PERMISSIONS[permission] and is_in_scope)

    def require(self, permission: str) -> None:
        """Raise ``Forbidden`` unless the role holds the permission. An unknown permission is a ``KeyError``."""
        if not self.can(permission):
            raise Forbidden(f"The role {self.role} may not do {permission}.", permission=permission, role=self.role)


SYSTEM = Operator(None, "system", "system")
