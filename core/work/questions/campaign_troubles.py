"""What went wrong with messages of a campaign, by the code that a way out gave: those that have failed, were given up or are unknown, and those that are tried again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import func, select

from core.errors import Unknown
from core.sequences.arrays import Int64s
from core.sequences.subjects import NOBODY
from core.store import campaigns
from core.store.campaign_tables import MESSAGE_STATES, Outgoing
from core.work.home import Home
from core.work.questions.campaigns import current, visible
from core.work.questions.reading import Reading

ENDED = ("failed", "dead", "unknown")
TRIED_AGAIN = ("planned", "held")
TOLD = ("state", "error", "channel")


def troubles(home: Home, reading: Reading, campaign_id: int) -> pd.DataFrame:
    """``state error channel rows``, the most first; ``error`` is null where no code was given. Of a reader who is limited to units the messages to their members and groups. Raises ``Unknown``."""
    query = select(Outgoing.state, Outgoing.error, Outgoing.channel, func.count())
    here = (Outgoing.campaign_id == campaign_id) & _is_trouble()
    with home.store.reading() as session:
        campaigns.one(session, campaign_id)
        if reading.allowed is None:
            rows = session.execute(query.where(here).group_by(Outgoing.state, Outgoing.error, Outgoing.channel)).all()
            found = pd.DataFrame([tuple(row) for row in rows], columns=[*TOLD, "rows"])
        else:
            found = _counted(visible(reading, _columns(session, here)))
    return found.sort_values(["rows", "error", "state"], ascending=[False, True, True], ignore_index=True)


def members(home: Home, reading: Reading, campaign_id: int, state: str, error: str | None) -> Int64s:
    """Whose messages these are, ascending, each once. Raises ``Unknown``."""
    if state not in MESSAGE_STATES:
        raise Unknown("state", state, MESSAGE_STATES)
    with home.store.reading() as session:
        campaigns.one(session, campaign_id)
        here = (Outgoing.campaign_id == campaign_id) & (Outgoing.state == state)
        rows = visible(reading, _columns(session, here & Outgoing.error.is_not_distinct_from(error)))
    ids = current(reading, rows["member_id"])
    return np.unique(ids[ids != NOBODY])


def _is_trouble() -> Any:
    return Outgoing.state.in_(ENDED) | (Outgoing.state.in_(TRIED_AGAIN) & Outgoing.error.is_not(None))


def _columns(session: Any, here: Any) -> dict[str, np.ndarray]:
    rows = session.execute(
        select(Outgoing.member_id, Outgoing.place, Outgoing.state, Outgoing.error, Outgoing.channel).where(here)
    ).all()
    columns: Mapping[str, list[Any]] = {
        name: [row[at] for row in rows] for at, name in enumerate(("member_id", "place", *TOLD))
    }
    return {name: np.array(column, "int64" if name == "member_id" else "object") for name, column in columns.items()}


def _counted(rows: Mapping[str, np.ndarray]) -> pd.DataFrame:
    frame = pd.DataFrame({name: rows[name] for name in TOLD})
    found: pd.DataFrame = frame.groupby(list(TOLD), dropna=False, as_index=False).size()
    return found.rename(columns={"size": "rows"})
