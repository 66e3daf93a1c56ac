"""Who gets no more messages and why. Kept no longer than until somebody writes."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from core.periods import business_date
from core.store.campaign_tables import SUPPRESSION_KINDS
from core.store.suppressions import REFUSED
from core.work.questions import suppressions as question
from core.work.questions.suppressions import EVERY, Count, Entry, Page, Seen
from core.work.suppressions import BY_HAND, LONGEST, ON, PURPOSES
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.web import kept, wiring

__all__ = [
    "BY_HAND", "EVERY", "KINDS", "LONGEST", "ON", "PURPOSES", "REFUSED", "SEE", "WRITE", "Count", "Entry", "Page", "Seen", "days", "of_member", "one", "page", "table", "zone",
]  # fmt: skip

SEE, WRITE = "people.see", "suppression.write"
KINDS = SUPPRESSION_KINDS


def page(
    kind: str | None, channel: str | None, member_id: int | None, *, is_lifted: bool, limit: int, offset: int
) -> Page:
    """A part of the list, the newest first. ``channel`` ``EVERY``: of those that stand for every channel. Raises ``Forbidden``."""
    ground = stand(SEE)
    name = ("suppressions", ground.key, kind, channel, member_id, is_lifted, limit, offset)
    return kept.while_unwritten(ground.home.store, name, lambda: _page(ground, kind, channel, member_id, is_lifted, limit, offset))  # fmt: skip


def one(suppression_id: int) -> Seen | None:
    """Null where there is none that the reader may see. Raises ``Forbidden``."""
    ground = stand(SEE)
    with ground.open() as lake:
        return question.one(ground.home, lake, ground.operator, suppression_id)


def of_member(identity_keys: Sequence[int]) -> tuple[Entry, ...]:
    """What stands for a member whom the reader was shown, by any of these identities."""
    ground, keys = stand(SEE), tuple(identity_keys)

    def ask() -> tuple[Entry, ...]:
        with ground.home.store.reading() as session:
            return question.of_member(session, keys)

    return kept.while_unwritten(ground.home.store, ("suppressed", keys), ask)


def table(
    ground: Ground, kind: str | None, channel: str | None, member_id: int | None, *, is_lifted: bool
) -> tuple[pd.DataFrame, list[Seen]]:
    """All of the list for an export: short names and full numbers, which are empty where no member is known, and what else is told of each."""
    with ground.open() as lake:
        asked = {"kind": kind, "channel": channel, "member_id": member_id, "is_lifted": is_lifted}
        rows = list(question.every(ground.home, lake, ground.operator, **asked))  # type: ignore[arg-type]
    ids = [one.member_id for one in rows]
    known = iter(people.labels(pd.Series(np.array([one for one in ids if one is not None], np.int64))))
    labels = ["" if one is None else next(known) for one in ids]
    return pd.DataFrame({"label": labels, "number": ["" if one is None else str(one) for one in ids]}), rows


def days(entry: Entry) -> tuple[date, date]:
    """Business days between which a new consent can have been given."""
    return business_date(entry.at, zone()), business_date(wiring.now(), zone())


def zone() -> str:
    return wiring.house().settings.zone


def _page(
    ground: Ground, kind: str | None, channel: str | None, member_id: int | None, is_lifted: bool, limit: int, offset: int
) -> Page:  # fmt: skip
    with ground.open() as lake:
        return question.page(
            ground.home, lake, ground.operator, kind=kind, channel=channel, member_id=member_id, is_lifted=is_lifted, limit=limit, offset=offset
        )  # fmt: skip
