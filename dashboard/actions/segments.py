"""Keeping people as a segment."""

from collections.abc import Sequence
from typing import Any

from core.errors import Refusal
from core.scope import Operator
from core.store import audit, segments
from core.work.home import Home
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.web import wiring

LONGEST_NAME = 60


class InvalidName(Refusal):
    """A segment needs a name of 1 to 60 letters."""

    code = "segment.name"


def save(name: str, sentence: str, members: Sequence[int], definition: dict[str, Any], version: int) -> int:
    """Keep the members as they are now under a name. Raises ``Forbidden``, ``InvalidName`` and ``NameTaken``."""
    return saved(guard.require("segment.write"), worlds.home(), name, sentence, members, definition, version)


def saved(
    operator: Operator,
    home: Home,
    name: str,
    sentence: str,
    members: Sequence[int],
    definition: dict[str, Any],
    version: int,
) -> int:
    """The same for a given operator and world; returns the segment's number. The audit log has an entry afterwards."""
    operator.require("segment.write")
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidName(f"A segment needs a name of 1 to {LONGEST_NAME} letters.", most=LONGEST_NAME)
    now = wiring.now()
    with audit.told(home.store, wiring.accounts_store()) as (session, logged):
        segment = segments.save(
            session, name, sentence, members, definition=definition, lake_version=version, by=operator.name, now=now
        )  # fmt: skip
        details = {"name": name, "members": len(members), "world": home.world}
        audit.append(logged, operator, "segment.saved", f"segment:{segment.id}", details, now=now)
    return segment.id
