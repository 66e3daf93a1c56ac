"""Two days on which hardly anything was recorded, and one on which a machine read page after page.

Taken away from the world as it was drawn, and put on top of it, so that all else stays as it is. The machine's events are exactly as many as the
lost ones, and bear their numbers.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import calendar
from core.work.demo import columns
from core.work.demo.activity import PAGE_VIEW, SOURCE_OF, Acts, acts, acts_together
from core.work.demo.people import People
from core.work.demo.rhythm import HOUR_S, SALES, Bools, Ints, Span
from core.work.demo.shopping import ORDINARY, Coupons, Orders

OUTAGES_BEFORE_END, CRAWL_BEFORE_END = (163, 97), 83
"""Days before the end; one that would be near a festival or off comes before it."""
NEAR_DAYS = 2
FROM_S, EVENTS_UNTIL_S, ORDERS_UNTIL_S = 7 * HOUR_S, 23 * HOUR_S + HOUR_S // 2, 23 * HOUR_S + HOUR_S * 5 // 6
"""Nothing is recorded from 7 o'clock until shortly before midnight. An order comes minutes after its checkout: what is kept has one."""
CRAWLED_TIMES = 3
CRAWLER_CHANNEL = 6
CRAWLER_FROM_S, CRAWLER_LASTS_S = HOUR_S, 22 * HOUR_S
FIRST_SESSION = 1_000_000_000
"""Sessions of the machine are numbered from here."""


@dataclass
class Outages:
    """Which days, and what became of them: events and visits of each as they were drawn, lost, and added."""

    span: Span
    rng: np.random.Generator
    days: tuple[int, ...] = ()
    crawled: int = 0
    drawn: dict[int, int] = field(default_factory=dict)
    lost: dict[int, int] = field(default_factory=dict)
    visits: int = 0
    crawler_visits: int = 0
    crawler_events: int = 0
    _free: list[Ints] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.days = tuple(ordinary_day(self.span, self.span.days - before) for before in OUTAGES_BEFORE_END)
        self.crawled = ordinary_day(self.span, self.span.days - CRAWL_BEFORE_END)

    def recorded(self, people: People, drawn: Acts, first_number: int) -> tuple[Acts, Ints]:
        """Events of a month that were recorded, by time, with their numbers: those of visits only get lost, nothing that is planted."""
        number = first_number + np.arange(len(drawn))
        gone = (drawn.session >= 0) & self.within(drawn.at_s, EVENTS_UNTIL_S)
        day = self.span.day_of(drawn.at_s)
        for one in np.intersect1d(self.days, day):
            self.drawn[int(one)] = int((day == one).sum())
            self.lost[int(one)] = int(gone[day == one].sum())
        self._free.append(number[gone])
        kept = np.flatnonzero(~gone)
        drawn, number = drawn.take(kept), number[kept]
        free = np.concatenate(self._free)
        if not (day == self.crawled).any() or not len(free):
            return drawn, number
        self.visits = len(
            np.unique(drawn.session[(self.span.day_of(drawn.at_s) == self.crawled) & (drawn.session >= 0)])
        )
        both = acts_together([drawn, self._crawler(people, len(free))])
        by_time = np.argsort(both.at_s, kind="stable")
        return both.take(by_time), np.concatenate([number, free])[by_time]

    def _crawler(self, people: People, count: int) -> Acts:
        """Visits by people whom nobody knows by name, all day long, one page a second."""
        pool = np.arange(people.members, len(people))
        pool = pool[
            (people.joined_day[pool] <= self.crawled) & (people.filed_under[SOURCE_OF[CRAWLER_CHANNEL]][pool] >= 0)
        ]
        visits = min(max((CRAWLED_TIMES - 1) * self.visits, 1), count)
        session = np.sort(np.arange(count) % visits)
        who = self.rng.choice(pool, visits)
        start = self.span.starts_s[self.crawled] + CRAWLER_FROM_S + self.rng.integers(0, CRAWLER_LASTS_S, visits)
        turn = np.arange(count) - np.searchsorted(session, session)
        self.crawler_visits, self.crawler_events = visits, count
        return acts(who[session], start[session] + turn, PAGE_VIEW, CRAWLER_CHANNEL, session=FIRST_SESSION + session)

    def within(self, at_s: Ints, until_s: int) -> Bools:
        """Which times lie in the hours of an outage."""
        found = np.zeros(len(at_s), bool)
        for day in self.days:
            start = self.span.starts_s[day]
            found |= (at_s >= start + FROM_S) & (at_s < start + until_s)
        return found

    def gone(self, made: Orders) -> Bools:
        """Orders that were never recorded."""
        return (made.kind == ORDINARY) & self.within(made.at_s, ORDERS_UNTIL_S)


def ordinary_day(span: Span, day: int) -> int:
    """The day, or the last one before it that is neither off, nor a worked weekend, nor near a festival's sales."""
    shut = {one.on for one in calendar.days(span.start_on, span.end_on) if one.kind != "festival"}
    sales = []
    for one in calendar.days(span.start_on, span.end_on + timedelta(days=30)):
        if one.name in SALES:
            lead = SALES[one.name][0] + NEAR_DAYS
            sales.append((one.on - timedelta(days=lead), one.on + timedelta(days=NEAR_DAYS)))
    while span.on(day) in shut or any(first <= span.on(day) <= last for first, last in sales):
        day -= 1
    return day


# -- what follows from it ----------------------------------------------------------------------------------------------


def coupons(given: Coupons, gone: Bools) -> Coupons:
    """Those whose order was recorded, or that were not redeemed."""
    kept = np.flatnonzero((given.order < 0) | ~gone[given.order])
    return Coupons(*(getattr(given, name)[kept] for name in Coupons.__dataclass_fields__))


def without_orders(rows: pa.Table, gone: Bools) -> pa.Table:
    """Rows that name no order or one that was recorded."""
    lost = columns.numbered("YX", np.flatnonzero(gone) + 100_001)
    return _numbered(rows.filter(pc.invert(pc.is_in(rows["order_no"], value_set=lost))))


def without_conversions(rows: pa.Table, found: Outages) -> pa.Table:
    """Rows of ``touches`` without conversions by orders that were not recorded."""
    at_s = rows["occurred_at"].cast(pa.int64()).to_numpy() // 1_000_000
    is_lost = pa.array(found.within(at_s, ORDERS_UNTIL_S))
    return _numbered(rows.filter(pc.invert(pc.and_(pc.equal(rows["state"], "converted"), is_lost))))


def _numbered(rows: pa.Table) -> pa.Table:
    return columns.with_numbers(rows.drop_columns(["row_number"]))
