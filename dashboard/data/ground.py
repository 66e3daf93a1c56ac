"""What every cached read stands on: who asks, which world at which version, and the key that its answer is kept
under.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from core.scope import Filters as Cut
from core.scope import Operator
from core.store import tags, topics
from core.work.home import Home
from core.work.questions.reading import Reading, reading
from dashboard import runs
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.filters import Filters
from dashboard.web import kept, wiring

TOPICS = ("segments", "tags", "currency", "scores", "profile_fields")
KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Ground:
    """``key`` changes whenever an answer could: world, lake version, revisions of the store's topics, scope, tags that ended.

    The business date needs no place of its own in it: periods end at the newest data, which the version fixes.
    """

    operator: Operator
    home: Home
    version: int
    key: str

    @contextmanager
    def open(self, asked: Filters | None = None) -> Iterator[Reading]:
        """The lake at this version, cut to the operator's scope and to what is asked."""
        cut = Cut(asked.period, asked.channels, asked.units, asked.segment) if asked else Cut()
        with reading(self.home, cut, self.operator.scope, self.version, wiring.now()) as opened:
            yield opened


def stand(permission: str) -> Ground:
    """Where a read of this run stands: all reads of one run on the same. Raises ``Forbidden`` and ``LoggedOut``."""
    operator = guard.require(permission)
    return runs.once("ground", lambda: _ground(operator))


def _ground(operator: Operator) -> Ground:
    home = worlds.home()
    manifest = home.lake.manifests.latest()
    now = wiring.now()
    revisions, next_end = kept.while_unwritten(home.store, TOPICS, lambda: _revisions(home, now))
    ended = _ended(home, now) if next_end is not None and next_end <= now else None
    key = f"{home.world}|{manifest.lake_id}|{manifest.version}|{revisions}|{ended}|{operator.scope.key()}"
    return Ground(operator, home, manifest.version, key)


def _revisions(home: Home, now: datetime) -> tuple[tuple[int, ...], datetime | None]:
    """Revisions of the topics, and when a tag ends next for somebody: from then on its end says who has it."""
    with home.store.reading() as session:
        ended = tags.last_end(session, now)
        return topics.revisions(session, TOPICS), tags.next_end(session, now) if ended is None else ended


def _ended(home: Home, now: datetime) -> datetime | None:
    with home.store.reading() as session:
        return tags.last_end(session, now)
