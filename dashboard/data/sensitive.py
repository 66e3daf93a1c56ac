"""Group messages checked for sensitive words and platform rules, for the Community page."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from core.metrics.sensitive import CATEGORIES, Rule
from core.periods import Period
from core.work.questions import sensitive as question
from core.work.questions import wordlists
from core.work.questions.places import TOTAL, By
from core.work.questions.sensitive import MOST, SENDERS, Sender
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.data.rows import Row, plain
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "BYS", "MOST", "SENDERS", "Figure", "Hit", "Row", "Sender", "View", "categories", "hits", "people_of", "read", "rules",
]  # fmt: skip

BYS: tuple[By, ...] = ("group", "owner", "unit")


@dataclass(frozen=True, slots=True)
class Figure:
    """Messages that break a category's rules, in the period and in the one before (None where that is not known), and how many people wrote
    those of the period."""

    messages: int = 0
    messages_before: int | None = 0
    people: int = 0


@dataclass(frozen=True, eq=False)
class View:
    """``figures``: by row (None: all together), sender and category; what is not there is 0. ``rows``: keys with any message, in which the
    staff broke most first, then members. ``checked``: messages read, by sender. ``since``: the first day with messages."""

    key: str
    by: By
    figures: dict[tuple[str | None, str, str], Figure]
    rows: tuple[Row, ...]
    checked: dict[str, int]
    now: Period
    before: Period
    since: date
    as_of: datetime
    zone: str
    version: int

    @cached_property
    def found(self) -> dict[str, Row]:
        return {row["key"]: row for row in self.rows}

    def of(self, key: str | None, sender: str, category: str) -> Figure:
        return self.figures.get((key, sender, category), Figure())


@dataclass(frozen=True, slots=True)
class Hit:
    """``who``: where a member's page is (``people.links``), or what an employee is called; None for somebody nobody knows."""

    at: datetime
    group: str
    who: str | None
    rules: tuple[str, ...]
    text: str


def rules() -> tuple[Rule, ...]:
    return wordlists.rules()


def categories(sender: Sender) -> tuple[str, ...]:
    """Categories that messages of somebody are checked for."""
    checked = {rule.category for rule in rules() if rule.of in (sender, "both")}
    return tuple(one for one in CATEGORIES if one in checked)


def read(asked: Filters, by: By) -> View | None:
    """None where there are no messages at all. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _read(key=f"{ground.key}|{asked}|{by}", _ground=ground, _asked=asked, _by=by)


def hits(asked: Filters, view: View, of: str | None, sender: Sender, category: str) -> tuple[Hit, ...]:
    """The newest messages, masked, at most 200. Raises ``Forbidden``."""
    ground = stand("people.see")
    by, key = _row(view, of)
    return _hits(
        key=f"{ground.key}|{asked}|{by}|{key}|{sender}|{category}", _ground=ground, _asked=asked, _by=by, _of=key, _sender=sender, _category=category,
    )  # fmt: skip


def people_of(asked: Filters, view: View, of: str | None, category: str) -> People:
    """Members whose messages a figure counts. Raises ``Forbidden``."""
    ground = stand("people.see")
    by, key = _row(view, of)
    return _people(
        key=f"{ground.key}|{asked}|{by}|{key}|{category}", _ground=ground, _asked=asked, _by=by, _of=key, _category=category,
        _figure=view.of(of, "member", category).people,
    )  # fmt: skip


def _row(view: View, of: str | None) -> tuple[By, str]:
    return ("total", TOTAL) if of is None else (view.by, of)


@kept.by_key(16)
def _read(key: str, _ground: Ground, _asked: Filters, _by: By) -> View | None:
    with _ground.open(_asked) as lake:
        found, whole = question.checked(lake, _by), question.checked(lake, "total")
        if found is None or whole is None or lake.as_of is None:
            return None
        figures = _figures(plain(found.rows)) | {
            (None, sender, category): one for (_, sender, category), one in _figures(plain(whole.rows)).items()
        }
        rows: dict[str, dict[str, object]] = {}
        for row in plain(found.rows):
            one = rows.setdefault(row["key"], {"key": row["key"], "name": row["name"], "member": 0, "staff": 0})
            one[row["sender_kind"]] += row["messages"]  # type: ignore[operator]
            one[f"{row['sender_kind']}_{row['category']}"] = row["messages"]
        shown = sorted(
            (row for row in rows.values() if row["member"] or row["staff"]),
            key=lambda row: (-row["staff"], -row["member"], row["key"]),  # type: ignore[operator]
        )
        return View(
            key, _by, figures, tuple(shown), whole.checked, whole.now, whole.before, whole.since, lake.as_of, lake.zone, _ground.version
        )  # fmt: skip


def _figures(rows: list[Row]) -> dict[tuple[str | None, str, str], Figure]:
    return {
        (row["key"], row["sender_kind"], row["category"]): Figure(
            row["messages"], row["messages_before"], row["people"]
        )
        for row in rows
    }


@kept.by_key(16)
def _hits(
    key: str,  # noqa: ARG001 - what it is kept by
    _ground: Ground,
    _asked: Filters,
    _by: By,
    _of: str,
    _sender: Sender,
    _category: str,
) -> tuple[Hit, ...]:
    with _ground.open(_asked) as lake:
        frame = question.hits(lake, _by, _of, _category, _sender)
    known = frame["member_id"].notna()
    names = dict(zip(frame.index[known], people.links(frame.loc[known, "member_id"].astype("int64")), strict=True))
    return tuple(
        Hit(
            row["occurred_at"].replace(tzinfo=UTC), row["group_name"] or row["group_id"],
            names.get(place) if _sender == "member" else row["staff_name"] or row["staff_id"], tuple(row["rules"].split()), row["text"],
        )
        for place, row in enumerate(plain(frame))
    )  # fmt: skip


@kept.by_key(16)
def _people(key: str, _ground: Ground, _asked: Filters, _by: By, _of: str, _category: str, _figure: int) -> People:
    with _ground.open(_asked) as lake:
        frame = question.behind(lake, _by, _of, _category)
        currency = lake.currency
    told = {"kind": "sensitive", "metric": f"sensitive-{_category}", "by": _by, "key": _of, "which": _category}
    return People(
        key, frame, people.definition(_asked) | told, "members", "said", None, _figure, currency, _ground.version
    )  # fmt: skip
