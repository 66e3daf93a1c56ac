"""Trials of a campaign's texts: which were tried as they are, what became of each trial, and how many the reader may still ask for today."""

from dataclasses import dataclass

from core.campaigns.body import PLACED
from core.periods import business_date
from core.store import campaigns as rows
from core.work.campaigns import policy, trials
from core.work.campaigns.trials import CHAT, LONGEST_ADDRESS, MOST_A_DAY, OWN, SENT_BY_EMPLOYEES, Text, Told
from core.work.segments import covers
from dashboard.actions import guard
from dashboard.data.campaigns import Found
from dashboard.data.ground import stand
from dashboard.web import kept, wiring

__all__ = [
    "CHAT", "LONGEST_ADDRESS", "MOST_A_DAY", "OWN", "PLACED", "SEE", "SENT_BY_EMPLOYEES", "Text", "Told", "View", "read",
]  # fmt: skip

SEE = "campaign.see"


@dataclass(frozen=True, slots=True)
class View:
    """``trials``: newest first. ``left``: how many the reader may still ask for on this business day. ``least``: from so many messages on every text is tried before it is handed in; 0 = never."""

    texts: tuple[Text, ...]
    trials: tuple[Told, ...]
    left: int
    least: int

    @property
    def is_any_open(self) -> bool:
        return any(one.is_open for one in self.trials)


def read(found: Found) -> View:
    """Of a campaign as it stands in the store; of texts as ``found`` has them. Raises ``Forbidden``."""
    ground, at = stand(SEE), wiring.now()
    name, zone = guard.operator().name, ground.home.settings.zone
    key = ("trials of campaign", ground.key, found.campaign_id, found.revision, name, business_date(at, zone))

    def ask() -> View:
        with ground.home.store.reading() as session:
            row = rows.one(session, found.campaign_id)
            if not covers(ground.home, ground.operator)(row.units):
                return View((), (), 0, 0)
            return View(
                trials.texts(session, found.campaign_id, found.body), trials.told(session, found.campaign_id), trials.left_today(session, name, at, zone),
                policy.read(session).trial_from,
            )  # fmt: skip

    return kept.while_unwritten(ground.home.store, key, ask)
