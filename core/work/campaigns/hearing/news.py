"""What the worker does about what comes back, in one world: it keeps the ways by which platforms are asked, for they hold tokens and what is known of limits."""

from datetime import datetime

from core.settings import World
from core.work.campaigns.hearing import awaiting, finding, inbound, pulling
from core.work.campaigns.outgoing.posts import Worlds
from core.work.campaigns.ways_out.ways import Ways
from core.work.home import Home


class Asking:
    """Asks the platforms of a world what became of messages, and says what to log."""

    def __init__(self, house: Worlds, world: World) -> None:
        self._house = house
        self._world: World = world
        self._kept: tuple[Home, Ways] | None = None

    def __call__(self, now: datetime) -> str | None:
        if self._world == "demo" and not self._house.settings.lake("demo").exists():
            return None
        home = self._house.live if self._world == "live" else self._house.demo
        ways = self._ways(home)
        found = finding.find(home, ways, now)
        looked = awaiting.look(home, ways, now)
        taken = pulling.take(home, ways, now)
        told = (
            f"{found} doubtful messages found again" if found else None,
            f"{looked.messages} messages settled by {looked.tasks} mass messages" if looked.messages else None,
            f"{taken} receipts and replies taken" if taken else None,
            f"not asked: {', '.join(sorted(set(looked.troubles)))}" if looked.troubles else None,
        )
        return "; ".join(filter(None, told)) or None

    def _ways(self, home: Home) -> Ways:
        """Anew where the world was made or opened anew."""
        if self._kept is None or self._kept[0] is not home:
            self._kept = home, Ways(home)
        return self._kept[1]


def heard(home: Home, now: datetime) -> str | None:
    """What platforms told is acted upon; what to log."""
    handled = inbound.handle(home, now)
    given_up = f"{handled.given_up} news given up, for they cannot be read" if handled.given_up else None
    return "; ".join(filter(None, (f"{handled.done} news of platforms handled" if handled.done else None, given_up))) or None  # fmt: skip
