"""What keeps a home tidy and quick without anybody asking: derived data brought up, small files joined, leftovers swept, old sessions
dropped."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from core.store.tables import LoginSession
from core.work import rollups, timeline
from core.work.home import Home

SMALL_FILES = 200
"""More files than this in one table and a scan feels it (facts: 21 ms at 100 files, 227 ms at 1,000)."""


def derive(home: Home) -> int:
    """Make the runs of the timeline and the rollups that the newest version of the lake lacks. Returns how many were made."""
    return timeline.refresh(home) + rollups.refresh(home)


def follow(home: Home) -> None:
    """The same as far as it is quickly done, for whoever changed the lake; the worker does the rest."""
    timeline.follow(home)
    rollups.follow(home)


def compact(home: Home, *, least: int = SMALL_FILES) -> int:
    """Join the small files of tables that have more than ``least``. Returns how many files went away."""
    with home.lake.open() as snapshot:
        if all(len(snapshot.files(name)) <= least for name in snapshot.manifest.tables):
            return 0
    with home.writer.change("compact") as change:
        joined = change.compact()
    derive(home)
    return joined


def sweep(home: Home) -> int:
    """Remove files that killed writers left, older than a day, and derived data that nobody reads. Returns how many."""
    return home.writer.sweep(timedelta(days=1)) + timeline.sweep(home) + rollups.sweep(home)


def drop_old_sessions(home: Home, now: datetime) -> int:
    """Forget sessions whose absolute limit has passed."""
    with home.store.transaction() as session:
        ended = session.execute(delete(LoginSession).where(LoginSession.expires_at < now))
        return int(ended.rowcount)  # type: ignore[attr-defined]
