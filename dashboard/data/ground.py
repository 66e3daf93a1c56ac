"""What every cached read stands on: who asks, which world at which version, and the key that its answer is kept
under.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.scope import Filters as Cut
from core.scope import Operator
from core.store import topics
from core.work.home import Home
from core.work.questions.reading import Reading, reading
from dashboard import runs
from dashboard.actions import guard
from dashboard.data import worlds
from dashboard.filters import Filters
from dashboard.web import kept

TOPICS = ("segments", "currency")
KEPT_SECONDS = 3600


@dataclass(frozen=True)
class Ground:
    """``key`` changes whenever an answer could: world, lake version, revisions of the store's topics, scope.

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
        with reading(self.home, cut, self.operator.scope, self.version) as opened:
            yield opened


def stand(permission: str) -> Ground:
    """Where a read of this run stands: all reads of one run on the same. Raises ``Forbidden`` and ``LoggedOut``."""
    operator = guard.require(permission)
    return runs.once("ground", lambda: _ground(operator))


def _ground(operator: Operator) -> Ground:
    home = worlds.home()
    manifest = home.lake.manifests.latest()
    revisions = kept.while_unwritten(home.store, TOPICS, lambda: _revisions(home))
    key = f"{home.world}|{manifest.lake_id}|{manifest.version}|{revisions}|{operator.scope.key()}"
    return Ground(operator, home, manifest.version, key)


def _revisions(home: Home) -> tuple[int, ...]:
    with home.store.reading() as session:
        return topics.revisions(session, TOPICS)
