"""The worker's look at the register: that a risk is to be looked at again, and that a drill did not take place on its day, is told once."""

from datetime import datetime

from core.store.session import Session
from core.work import notices
from core.work.home import Home
from core.work.notices import Notice
from core.work.questions import drills, register
from core.work.questions.today import today_of


def tell(home: Home, now: datetime) -> int:
    """Once for every day that it was planned for: whoever moves it is told again. Returns how many were told."""
    with home.store.reading() as session:
        due = _due(session, home, now)
    if not due:
        return 0
    with home.store.transaction() as session:
        return sum(notices.say(session, one, now) for one in _due(session, home, now))


def _due(session: Session, home: Home, now: datetime) -> list[Notice]:
    """Of what has not been told yet and of what has: ``say`` knows them apart."""
    today = today_of(home, now)
    reviews = [
        Notice(
            "review.due",
            f"review:{one.key}:{one.described.review_on.isoformat()}",
            params={"risk": one.described.title, "risk_id": one.key, "day": one.described.review_on},
        )
        for one in register.due(register.standing(session), today)
    ]
    late = [
        Notice(
            "drill.late",
            f"drill:{one.drill_id}:{one.planned.planned_on.isoformat()}",
            params={"scenario": one.planned.scenario, "drill": one.drill_id, "day": one.planned.planned_on},
        )
        for one in drills.late(drills.standing(session), today)
    ]
    return reviews + late
