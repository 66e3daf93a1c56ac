"""What the worker of a house does: the kinds of jobs it takes, and the chores it sees to by itself."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from core.lake.manifest import Manifests
from core.lake.timeline import Timeline
from core.senders.sender import Sender
from core.settings import Settings, World
from core.work import (
    clusters,
    deliveries,
    escalating,
    forecasts,
    identity_decisions,
    notices,
    published,
    readings,
    register_news,
    scores,
    segments,
    standings,
    tags,
    tending,
    uploads,
    watching,
)
from core.work.app_notices import AppNotices
from core.work.campaigns import restored
from core.work.campaigns.hearing import inbound, news, silence, touches
from core.work.campaigns.outgoing import settling
from core.work.campaigns.outgoing.posts import Posts
from core.work.campaigns.recipients import planning
from core.work.fitting import Fitters
from core.work.headlines import Headlines
from core.work.home import Home
from core.work.ingest import batches
from core.work.worker import Chore, Clock, Handler, Log, Work, Worker

SIZES = timedelta(minutes=5)
"""How often it is looked whether sizes of segments are of another version of the lake: imports may come every few seconds."""
TOUCHES = timedelta(minutes=5)
"""How often the lake learns what messages came to."""
APART = {forecasts.KIND: 1, forecasts.HOUSE_KIND: 2, scores.KIND: 1}
"""Kinds of jobs that run beside the others, and how many of each at once."""
RESTS = 10
"""Looks at rules take at most a tenth of the time."""
SECOND, SECONDS, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)


class House(Protocol):
    """Both worlds of a home; ``core.app`` builds it."""

    settings: Settings

    @property
    def live(self) -> Home: ...

    @property
    def demo(self) -> Home: ...

    @property
    def senders(self) -> Mapping[str, Sender]: ...

    def forget(self, world: World) -> None: ...


def worker(house: House, clock: Clock, say: Log) -> Worker:
    """A worker for both worlds. Its jobs and its heartbeat live in the store of ``live``."""
    fitters = Fitters(house.settings.fits)
    everything = [
        *chores(house),
        *campaign_chores(house, clock),
        *news_chores(house),
        Chore("fitters", MINUTE, lambda _now: _told("idle fitting processes ended", fitters.rest())),
    ]
    return Worker(house.live.store, handlers(house, fitters), everything, clock, say, apart=APART)


def handlers(house: House, fitters: Fitters) -> dict[str, Handler]:
    """``fitters``: processes that fit forecasts."""

    def import_file(work: Work) -> None:
        uploads.run(house.live, work)

    def fit(work: Work) -> None:
        home = house.demo if work.claim.arguments["world"] == "demo" else house.live
        forecasts.run(home, fitters, work)

    def train(work: Work) -> None:
        scores.run(house.settings, work, lambda: house.demo if work.claim.arguments["world"] == "demo" else house.live)

    return {uploads.KIND: import_file, forecasts.KIND: fit, forecasts.HOUSE_KIND: fit, scores.KIND: train}


def chores(house: House) -> list[Chore]:
    """Imports that died are settled every minute, what is derived of what came and what is told of everybody are made within seconds, clusters are fitted within a
    minute of a new day's data, notices handed on within seconds, late incidents escalate and rules of warnings are looked at within a minute, what of the register is due is told and the house's forecasts asked for and published ones held against it, small files are joined every hour, leftovers swept every day."""
    sorted_in = _WhenChanged(house, lambda home, _now: tending.derive(home))
    standing = _WhenChanged(house, lambda home, _now: standings.refresh(home))
    clustered = _WhenChanged(house, lambda home, now: int(clusters.refresh(home, now)))
    scored = _WhenChanged(house, published.score)

    def trained(home: Home, now: datetime) -> int:
        return scores.schedule(home, house.live.store, now)

    def risen(now: datetime) -> int:
        return _everywhere(house, lambda home: escalating.escalate(home, house.live.store, now), with_data=False)

    def watched(now: datetime) -> str | None:
        looks: list[scores.Looked] = []

        def look(home: Home) -> int:
            looks.append(scores.watch(home, now))
            return looks[-1].count

        done = _told("looks at models of scores", _everywhere(house, look))
        return "; ".join(filter(None, (done, *(one for told in looks for one in told.refused)))) or None

    return [
        Chore("derived", SECONDS, lambda now: _told("runs and rollups made", sorted_in(now))),
        Chore("standings", SECONDS, lambda now: _told("tables of everybody kept", standing(now))),
        Chore("clusters", MINUTE, lambda now: _told("models of clusters fitted", clustered(now))),
        Chore("forecasts", MINUTE, _Foreseen(house)),
        Chore("diary", MINUTE, lambda now: _told("forecast days scored", scored(now))),
        Chore(
            "fits",
            DAY,
            lambda now: _told("old fits dropped", _everywhere(house, lambda home: forecasts.tidy(home, now))),
        ),
        Chore(
            "scores",
            HOUR,
            lambda now: _told("models of scores to train", _everywhere(house, lambda home: trained(home, now))),
        ),
        Chore("score checks", HOUR, watched),
        Chore(
            "churn",
            HOUR,
            lambda now: _told(
                "shares of members likely to leave kept",
                _everywhere(house, lambda home: readings.keep_churn(home, now)),
            ),
        ),
        Chore("warnings", MINUTE, _Watched(house, "live"), is_apart=True),
        Chore("demo warnings", MINUTE, _Watched(house, "demo")),  # not apart, as with notices
        Chore("incidents", MINUTE, lambda now: _told("late incidents and tasks told", risen(now))),
        Chore(
            "register",
            HOUR,
            lambda now: _told(
                "reviews and drills told",
                _everywhere(house, lambda home: register_news.tell(home, now), with_data=False),
            ),
        ),
        Chore(
            "old notices",
            DAY,
            lambda now: _told(
                "old notices dropped", _everywhere(house, lambda home: notices.tidy(home, now), with_data=False)
            ),
        ),
        Chore("settle", MINUTE, lambda now: _told("batches settled", len(batches.reconcile(house.live, now=now)))),
        Chore("identities", DAY, lambda _now: _told("map brought up to the decisions", int(_settled(house.live)))),
        Chore("compact", HOUR, lambda _now: _told("files joined", _everywhere(house, tending.compact))),
        Chore("sweep", DAY, lambda _now: _told("leftover files removed", _everywhere(house, tending.sweep))),
        Chore("inbox", HOUR, lambda now: _told("uploads and batches cleared away", uploads.tidy(house.live, now=now))),
        Chore("notices", SECONDS, _Delivered(house, "live"), is_apart=True),
        # Not apart: the demo may be removed at any moment, and nobody must be at work in it then.
        Chore("demo notices", SECONDS, _Delivered(house, "demo")),
        Chore("tags", MINUTE, lambda now: _told("tags ended", tags.expire(house.live, now=now))),
        Chore("sizes", SIZES, _Sized(house)),
        Chore("sessions", DAY, lambda now: _told("old sessions dropped", tending.drop_old_sessions(house.live, now))),
    ]


def campaign_chores(house: House, clock: Clock) -> list[Chore]:
    """Campaigns whose time has come are planned within seconds, and what is due of those that are sending is sent from second to second, whatever else goes on. Before either it is asked whether the store was
    restored."""
    counting = restored.Counting()

    def launch(home: Home, now: datetime) -> int:
        counting(home, now)
        return planning.launch_due(home, now)

    return [
        Chore(
            "campaigns",
            SECONDS,
            lambda now: _told("campaigns launched", launch(house.live, now)),
            is_apart=True,
        ),
        Chore("sending", SECOND, Posts(house, "live", clock, counting), is_steady=True),
        # In their turn, as with notices: the demo may be removed at any moment.
        Chore(
            "demo campaigns",
            SECONDS,
            lambda now: _told("campaigns launched", _in_demo(house, lambda home: launch(home, now))),
        ),
        Chore("demo sending", SECOND, Posts(house, "demo", clock, counting)),
        Chore(
            "campaigns over",
            SECONDS,
            lambda now: _told(
                "campaigns completed", _everywhere(house, lambda home: settling.complete(home, now), with_data=False)
            ),
        ),
    ]


def news_chores(house: House) -> list[Chore]:
    """What platforms told is acted upon within seconds and they are asked every minute; what messages came to is told to the lake every five minutes, for each time everything derived of it is made anew."""

    def everywhere(what: str, do: Callable[[Home, datetime], int]) -> Callable[[datetime], str | None]:
        return lambda now: _told(what, _everywhere(house, lambda home: do(home, now), with_data=False))

    def heard_in_demo(now: datetime) -> str | None:
        return news.heard(house.demo, now) if house.settings.lake("demo").exists() else None

    return [
        Chore("news", SECONDS, lambda now: news.heard(house.live, now), is_apart=True),
        Chore("demo news", SECONDS, heard_in_demo),
        Chore("fates", MINUTE, news.Asking(house, "live"), is_apart=True),
        Chore("demo fates", MINUTE, news.Asking(house, "demo")),
        Chore("touches", TOUCHES, everywhere("marks of messages told to the lake", touches.tell)),
        Chore("silence", HOUR, everywhere("messages settled of which nothing is said", silence.settle)),
        Chore("old news", DAY, everywhere("old news dropped", inbound.tidy)),
    ]


class _WhenChanged:
    """Does something in both worlds, when either lake has another version or its timeline other runs than the last time."""

    def __init__(self, house: House, do: Callable[[Home, datetime], int]) -> None:
        self._house = house
        self._do = do
        self._done: list[tuple[str, int, int]] = []

    def __call__(self, now: datetime) -> int:
        versions = self._now()
        if versions == self._done:
            return 0
        done = _everywhere(self._house, lambda home: self._do(home, now))
        # Looked at once more after something was done: then nothing is left to do.
        self._done = [] if done else versions
        return done

    def _now(self) -> list[tuple[str, int, int]]:
        worlds: tuple[World, ...] = ("live", "demo")
        return [self._of(self._house.settings.lake(world)) for world in worlds]

    def _of(self, lake: Path) -> tuple[str, int, int]:
        newest = Manifests(lake).latest()
        return newest.lake_id, newest.version, Timeline(lake).stamp


class _Foreseen:
    """Asks for the house's forecasts in both worlds."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: dict[World, Headlines] = {"live": Headlines(), "demo": Headlines()}

    def __call__(self, now: datetime) -> str | None:
        if not self._house.settings.foresees:
            return None
        queue = self._house.live.store
        done = _everywhere(self._house, lambda home: self._kept[home.world].refresh(home, queue, now))
        return _told("forecasts asked for", done)


class _Sized:
    """Counts the live segments and rules of both worlds, when either lake has another version than the last time or a day went by.
    Returns what to log: how many were counted, and which could not be."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._done: tuple[list[tuple[str, int]], datetime] | None = None

    def __call__(self, now: datetime) -> str | None:
        worlds: tuple[World, ...] = ("live", "demo")
        newest = [Manifests(self._house.settings.lake(world)).latest() for world in worlds]
        versions = [(one.lake_id, one.version) for one in newest]
        if self._done is not None and self._done[0] == versions and now < self._done[1] + segments.STALE:
            return None
        self._done = versions, now
        refused: dict[str, str] = {}

        def count(home: Home) -> int:
            done = [measure(home, now=now) for measure in (segments.refresh_all, tags.refresh_all)]
            refused.update({f"{home.world}: {name}": code for one in done for name, code in one.refused.items()})
            return sum(one.taken for one in done)

        said = [_told("segments and rules counted", _everywhere(self._house, count))]
        said += [f"{name} cannot be counted ({code})" for name, code in sorted(refused.items())]
        return "; ".join(one for one in said if one) or None


class _Watched:
    """Looks at all rules of a world when its data, its rules or its readings changed, and every hour; after a long look not before ten times as long.
    Returns what to log."""

    def __init__(self, house: House, world: World) -> None:
        self._house = house
        self._world: World = world
        self._done: tuple[watching.Stand, datetime, timedelta] | None = None

    def __call__(self, now: datetime) -> str | None:
        if not Manifests(self._house.settings.lake(self._world)).latest().tables:
            return None
        home = self._house.demo if self._world == "demo" else self._house.live
        stand = watching.stand(home)
        if self._done is not None:
            before, at, rest = self._done
            if now < at + rest or (stand == before and now < at + HOUR):
                return None
        done = watching.evaluate(home, now)
        if not done.is_kept:
            return None
        self._done = stand, now, timedelta(seconds=RESTS * done.seconds)
        failed = [f"{one.indicator} cannot be looked at ({one.code})" for one in done.failed]
        failed += [f"nothing can be looked at ({done.code})"] if done.code else []
        said = (_told("warnings raised", done.raised), _told("warnings over", done.closed), *failed)
        return "; ".join(filter(None, said)) or None


class _Delivered:
    """Hands notices of a world on; also where there is no data: somebody may try a target before the first import. Returns what to log."""

    def __init__(self, house: House, world: World) -> None:
        self._house = house
        self._world: World = world
        self._app: tuple[Home, AppNotices] | None = None

    def __call__(self, now: datetime) -> str | None:
        if self._world == "demo" and not self._house.settings.lake("demo").exists():
            return None
        home = self._house.demo if self._world == "demo" else self._house.live
        if self._app is None or self._app[0] is not home:
            self._app = home, AppNotices(home)
        done = deliveries.deliver(home, {**self._house.senders, "app": self._app[1]}, now)
        told = (_told("notices sent", done.sent), _told("notices failed", done.failed))
        return "; ".join(filter(None, told)) or None


def _in_demo(house: House, do: Callable[[Home], int]) -> int:
    return do(house.demo) if house.settings.lake("demo").exists() else 0


def _settled(home: Home) -> bool:
    return bool(home.lake.manifests.latest().tables) and identity_decisions.settle(home)


def _everywhere(house: House, do: Callable[[Home], int], *, with_data: bool = True) -> int:
    """In both worlds, as far as they have data; in ``live`` also without any where it is not asked for. The demo is opened anew each time: somebody may have removed or
    refilled it."""
    done = do(house.live) if not with_data or house.live.lake.manifests.latest().tables else 0
    house.forget("demo")
    if house.settings.lake("demo").exists():
        done += do(house.demo)
    return done


def _told(what: str, count: int) -> str | None:
    return f"{count} {what}" if count else None
