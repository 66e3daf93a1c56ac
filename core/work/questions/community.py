"""Group chats, their owners and units: who is in them, who speaks, on how few they hang, and how they are doing."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from functools import cached_property, reduce
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import Unknown
from core.metrics import community, replies
from core.metrics.community import MONTH, Spans
from core.metrics.concentration import concentration
from core.metrics.health import PARTS, Floats, Name, health
from core.periods import Period, comparable
from core.work import rollups
from core.work.questions.places import TOTAL, By, dimension, keyed
from core.work.questions.reading import Reading
from core.work.questions.untold import SMALL

Which = Literal[
    "members", "joined", "left", "speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers", "lurkers",
    "ever_spoke", "speaking", "buying", "buying_speakers", "buying_lurkers",
]  # fmt: skip
"""Figures that members stand behind. ``lurkers``: members at the end of the period who never spoke."""
COUNTS = (
    "messages", "said", "said_before", "speakers", "speakers_before", "new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers",
    "speaker_days", "month_speaker_days", "wau", "mau", "absence", "questions", "answered", "open_questions", "prior_speakers", "earlier_speakers",
    "month_days", "prior_days", "month_questions", "month_answered", "prior_questions", "prior_answered",
)  # fmt: skip
"""Figures that are 0 where nobody wrote, as long as the lake has messages at all."""
MOVES = (
    "members", "members_before", "month_members", "prior_members", "joined", "left", "joined_listed", "left_listed", "month_left", "prior_left",
    "early_joined", "early_left", "speaking", "ever_spoke", "month_speaking", "prior_speaking", "buying", "buying_speakers", "buying_lurkers",
)  # fmt: skip
"""Figures that the lake has where it knows who joins and leaves."""
TOLD_APART = tuple(name for name in community.TURNOVER if name != "speakers")
"""Figures that only messages of the whole period before tell: else all who speak are the first that are known of."""
SPOKEN = ["speaking", "ever_spoke", "month_speaking", "prior_speaking", "buying_speakers", "buying_lurkers"]
"""Figures of members that only messages tell."""
CONCENTRATED = {
    "said": {name: name for name in ("top_share", "gini", "absence")},
    "month_said": {"_month_top": "top_share"},
    "prior_said": {"_prior_top": "top_share"},
}
"""For each span the figures of ``core.metrics.concentration`` that are told of it, under their names here."""
WORKING = ("_month_top", "_prior_top")
MESSAGES = ("group_messages",)
INSIDE = ("group_membership", "group_rosters")


@dataclass(frozen=True, slots=True)
class Community:
    """``rows``: one per key, ordered by it; ``total``: one row, of all together; ``days``: its days (``course``).
    ``has_before``: messages reach back over the whole period before; else ``TOLD_APART`` are null. Their columns: ``key``, ``name``, the figures of
    ``core.metrics.community``, ``core.metrics.concentration`` and ``core.metrics.replies``; ``net`` (joined less left), ``speaking_rate``
    (``speaking`` of ``members``; null without members), ``reply_coverage`` (``answered`` of ``questions``; null without questions),
    ``quiet_days`` (whole days without a word up to the end of the period; null where nobody spoke in 90 days); ``opened_on``, of groups.
    Means over days (``dau``, ``stickiness``, the regularity of health) are of days since messages are known alone: ``month_known`` of the
    last 30.

    Health (``core.metrics.health``): ``health``, ``health_before``, ``health_moved``, and of each part its figure ``<part>_now``,
    ``<part>_before``, its ``<part>_points`` and what it ``<part>_moved`` of the score. Undefined is null. ``spans``: what they are told of.
    """

    by: By
    spans: Spans
    as_of_on: date
    rows: pd.DataFrame
    total: pd.DataFrame
    days: pd.DataFrame
    has_before: bool


def groups(reading: Reading, by: By = "group") -> Community | None:
    """All figures of 5.7 that messages and moves carry; None in a lake without data.

    A scope of units leaves the groups of these units, and of what is in them what their members did.
    """
    talk = _talk(reading)
    if talk is None:
        return None
    total = talk.figures("total")
    rows = total if by == "total" else talk.figures(by)
    assert reading.as_of_on is not None
    return Community(
        by,
        talk.spans,
        reading.as_of_on,
        rows,
        total,
        talk.course("total", TOTAL),
        reading.reaches_back(talk.spans.before.start_on, *talk.telling),
    )


def behind(reading: Reading, by: By, key: str, which: Which) -> pd.DataFrame:
    """Who stands behind a figure of one row: ``member_id``, ``value``, the greatest value first, ties by number.

    The rows are as many as the figure; for ``joined`` and ``left``, which count changes, the values add up to it. ``value``: changes
    of these two, messages said in the period of whoever speaks in it (``lost_speakers``: in the one before), else 1. Nobody
    where the lake does not know the figure. Raises ``Unknown`` for a figure that is none of these.
    """
    if which not in get_args(Which):
        raise Unknown("figure", which, get_args(Which))
    talk = _talk(reading)
    table = None if talk is None else talk.behind(by, key, which)
    if table is None:
        return pd.DataFrame({"member_id": pd.Series(dtype="int64"), "value": pd.Series(dtype="int64")})
    named = table.select("member_id", value=table.value.cast("int64"))
    return reading.snapshot.frame(named.order_by([ibis.desc("value"), "member_id"]))


def course(reading: Reading, by: By, key: str) -> pd.DataFrame:
    """Days of the period for one row: ``on``, ``said``, ``speakers``, ``joined``, ``left``, 0 on a day without; every day has a row. A figure
    that the lake does not know is not there. Empty in a lake without data."""
    talk = _talk(reading)
    return pd.DataFrame({"on": []}) if talk is None else talk.course(by, key)


def _talk(reading: Reading) -> "_Talk | None":
    if reading.period is None or reading.as_of_on is None:
        return None
    return _Talk(reading, Spans(*comparable(reading.period, reading.as_of_on)))


@dataclass(frozen=True)
class _Talk:
    """What is read of the lake once, and told of groups, owners, units and in total. None: the lake does not know."""

    reading: Reading
    spans: Spans

    def _rows(self, kind: str) -> ir.Table | None:
        """A rollup, of members in scope and filters."""
        found = rollups.rows(self.reading.snapshot, self.reading.zone, kind)
        allowed = self.reading.allowed
        return found if found is None or allowed is None or kind == "written" else found.semi_join(allowed, "member_id")

    def _keyed(self, rows: ir.Table, by: By) -> ir.Table:
        return keyed(self.reading, rows, by)

    @cached_property
    def _talked(self) -> ir.Table | None:
        rows = self._rows("talked")
        if rows is None:
            return None
        near = (rows.local_date >= self.spans.start_on) & (rows.local_date < self.spans.now.end_on)
        return self.reading.snapshot.keep(rows.filter(near))

    @cached_property
    def _speakers(self) -> ir.Table | None:
        first, talked = self._rows("first_words"), self._talked
        if first is None or talked is None:
            return None
        return self.reading.snapshot.keep(community.speakers(talked, first, self.spans))

    @cached_property
    def _states(self) -> ir.Table | None:
        return self._rows("states")

    @cached_property
    def _buyers(self) -> ir.Table | None:
        """``member_id``, ``bought``, of everybody with an order in the period; None in a lake without orders."""
        if not self.reading.snapshot.files("order_lines"):
            return None
        orders = self.reading.facts.orders
        now = orders.filter(community.within(orders, self.spans.now) & orders.member_id.notnull())
        return self.reading.snapshot.keep(now.select("member_id", bought=ibis.literal(True)).distinct())

    def speakers(self, by: By) -> ir.Table | None:
        """Per key and member."""
        if self._speakers is None:
            return None
        told = self._keyed(self._speakers, by)
        return told.drop("group_id") if by == "group" else community.by_key(told)

    def standing(self, by: By, speakers: ir.Table, states: ir.Table) -> ir.Table:
        there = community.standing(states, speakers, self.spans, of_one_group=by == "group")
        if self._buyers is None:
            return there
        return there.left_join(self._buyers, "member_id").drop("member_id_right")

    # -- figures -------------------------------------------------------------------------------------------------------

    def figures(self, by: By) -> pd.DataFrame:
        parts = [dimension(self.reading, by), *self._spoken(by), *self._inside(by)]
        found = reduce(lambda left, right: left.merge(right, on="key", how="outer"), parts)
        has_past = self.reading.reaches_back(self.spans.prior.start_on, *self.telling)
        since = self.reading.first_on(*MESSAGES)
        return _finished(found.sort_values("key", ignore_index=True), self.spans, since, has_past)

    @property
    def are_told_apart(self) -> bool:
        """Whether messages reach back over the whole period before, so that who is new, kept, reactivated or lost can be told."""
        return self.reading.reaches_back(self.spans.before.start_on, *MESSAGES)

    @property
    def telling(self) -> tuple[str, ...]:
        """The tables that say since when groups are known: messages, or where there are none, moves."""
        return MESSAGES if self.reading.first_on(*MESSAGES) is not None else INSIDE

    def _spoken(self, by: By) -> list[pd.DataFrame]:
        speakers, written, answers = self.speakers(by), self._rows("written"), self._rows("answered")
        since = self.reading.first_on(*MESSAGES)
        if speakers is None or self._talked is None or written is None or answers is None or since is None:
            return []
        snapshot, now = self.reading.snapshot, self.spans.now
        speakers = speakers if by == "group" else snapshot.keep(speakers)
        written = self._keyed(written, by)
        raw = written.filter(community.within(written, now)).group_by("key").aggregate(messages=written.messages.sum())
        assert self.reading.as_of is not None
        as_of = self.reading.as_of.astimezone(UTC).replace(tzinfo=None)
        asked = answers.filter((answers.local_date >= self.spans.start_on) & (answers.local_date < now.end_on))
        return [
            snapshot.frame(raw),
            snapshot.frame(community.turnover(speakers, now)),
            snapshot.frame(community.daily(self._keyed(self._talked, by), self.spans, since)),
            *self._concentrated(speakers),
            snapshot.frame(replies.coverage(self._keyed(asked, by), as_of, self.spans)),
        ]

    def _inside(self, by: By) -> list[pd.DataFrame]:
        if self._states is None:
            return []
        snapshot, states = self.reading.snapshot, self._keyed(self._states, by)
        changed = states.filter(
            (states.local_date >= self.spans.start_on) & (states.local_date < self.spans.now.end_on)
        )
        speakers = self.speakers(by)
        if speakers is None:
            speakers = _nobody()
        there = snapshot.frame(community.membership(self.standing(by, speakers, states)))
        if self._speakers is None:
            there = there.drop(columns=SPOKEN, errors="ignore")
        known = snapshot.frame(states.select("key").distinct())
        return [_counted(known, there, snapshot.frame(community.changes(changed, self.spans)))]

    def _concentrated(self, speakers: ir.Table) -> list[pd.DataFrame]:
        """Of the period, and the share of the ten loudest of the last two months."""
        spoke = (speakers.said > 0) | (speakers.month_said > 0) | (speakers.prior_said > 0)
        told = self.reading.snapshot.arrow(speakers.filter(spoke).select("key", *CONCENTRATED))
        coded = told["key"].combine_chunks().dictionary_encode()
        keys, code = coded.dictionary.to_numpy(zero_copy_only=False), coded.indices.to_numpy().astype(np.int64)
        frames = []
        for name, columns in CONCENTRATED.items():
            one = concentration(code, told[name].to_numpy())
            figures = {column: getattr(one, figure) for column, figure in columns.items()}
            frames.append(pd.DataFrame({"key": keys[one.group]} | figures))
        return frames

    def course(self, by: By, key: str) -> pd.DataFrame:
        now = self.spans.now
        found = pd.DataFrame({"on": [now.start_on + timedelta(days=n) for n in range(now.days)]})
        parts = []
        if self._talked is not None:
            said = self._keyed(self._talked, by)
            said = said.filter((said.key == key) & community.within(said, now))
            parts.append(
                said.group_by(on="local_date").aggregate(said=said.said.sum(), speakers=said.member_id.nunique())
            )
        if self._states is not None:
            states = self._keyed(self._states, by)
            states = states.filter((states.key == key) & community.within(states, now))
            counts = {name: is_so.cast("int64").sum() for name, is_so in community.moved(states).items()}
            parts.append(states.group_by(on="local_date").aggregate(**counts))
        for part in parts:
            found = found.merge(self.reading.snapshot.frame(part), on="on", how="left")
        figures = [name for name in found if name != "on"]
        return found.fillna(dict.fromkeys(figures, 0)).astype(dict.fromkeys(figures, "int64"))

    # -- people --------------------------------------------------------------------------------------------------------

    def behind(self, by: By, key: str, which: Which) -> ir.Table | None:
        """``member_id``, ``value``, of one key."""
        if which in ("joined", "left"):
            return self._changed(by, key, which)
        speakers = self.speakers(by)
        if speakers is not None:
            speakers = speakers.filter(speakers.key == key)
        if which in community.TURNOVER:
            if speakers is None or (which in TOLD_APART and not self.are_told_apart):
                return None
            value = speakers.said_before if which == "lost_speakers" else speakers.said
            return speakers.mutate(value=value).filter(community.told_apart(speakers, self.spans.now)[which])
        if self._states is None or (speakers is None and which not in ("members", "buying")):
            return None
        states = self._keyed(self._states, by)
        there = self.standing(by, _nobody() if speakers is None else speakers, states.filter(states.key == key))
        there = there.filter(there.is_in)
        rungs = community.rungs(there) | {"members": there.is_in}
        rungs["lurkers"] = ~rungs["ever_spoke"]
        if which not in rungs:
            return None
        return there.mutate(value=there.said if which == "speaking" else ibis.literal(1)).filter(rungs[which])

    def _changed(self, by: By, key: str, which: Literal["joined", "left"]) -> ir.Table | None:
        if self._states is None:
            return None
        states = self._keyed(self._states, by)
        kept = states.filter(
            (states.key == key) & community.within(states, self.spans.now) & community.moved(states)[which]
        )
        return kept.group_by("member_id").aggregate(value=ibis._.count())


def _nobody() -> ir.Table:
    """Speakers where nobody is known to have spoken."""
    types = {"key": pa.string(), "member_id": pa.int64(), "first_on": pa.date32()} | dict.fromkeys(
        community.SAID, pa.int64()
    )
    return ibis.memtable(pa.schema(types.items()).empty_table())


def _counted(known: pd.DataFrame, *parts: pd.DataFrame) -> pd.DataFrame:
    """Figures of those of whom anything is known, 0 where a part has no row of them."""
    for part in parts:
        known = known.merge(part, on="key", how="left")
    return known.fillna(dict.fromkeys([name for name in known if name != "key"], 0))


def _finished(rows: pd.DataFrame, spans: Spans, since: date | None, has_past: bool) -> pd.DataFrame:
    """``since``: the first day that messages are known of."""
    for name in [name for name in COUNTS if name in rows]:
        rows[name] = rows[name].fillna(0).astype("int64")
    for name in [name for name in MOVES if name in rows]:
        rows[name] = rows[name].astype("Int64")
    if "dau" in rows:
        assert since is not None
        is_told = since <= spans.before.start_on
        for name in TOLD_APART:
            rows[name] = rows[name].astype("Int64") if is_told else pd.Series(pd.NA, rows.index, "Int64")
        rows["month_known"] = spans.month.days_from(since)
        if spans.now.days_from(since):
            rows["dau"] = rows["dau"].fillna(0.0)
        rows["stickiness"] = rows["month_speaker_days"] / (rows["month_known"] * rows["mau"]).replace(0, np.nan)
        ends = pd.to_datetime(rows["last_on"])
        rows["quiet_days"] = (pd.Timestamp(spans.now.last_on) - ends).dt.days.astype("Int64")
    if "members" in rows:
        rows["net"] = rows["joined"] - rows["left"]
    for rate, top, bottom in (("reply_coverage", "answered", "questions"), ("speaking_rate", "speaking", "members")):
        if top in rows and bottom in rows:
            rows[rate] = (rows[top] / rows[bottom].replace(0, pd.NA)).astype("Float64")
    return _with_health(rows, spans, since, has_past).drop(columns=[*WORKING, "last_on"], errors="ignore")


def _with_health(rows: pd.DataFrame, spans: Spans, since: date | None, has_past: bool) -> pd.DataFrame:
    def column(name: str) -> Floats:
        if name not in rows:
            return np.full(len(rows), np.nan)
        found: Floats = np.asarray(rows[name].astype("Float64").to_numpy("float64", na_value=np.nan))
        return found

    def share(top: str, bottom: str) -> Floats:
        base = column(bottom)
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = np.where(base >= SMALL, column(top) / base, np.nan)
            return found

    def spread(top: str, speakers: str) -> Floats:
        found: Floats = np.where(column(speakers) >= SMALL, column(top), np.nan)
        return found

    def renewed(top: str, bottom: str, base: Period) -> Floats:
        """Speakers gained or lost since a span; unknown where messages do not reach back over all of it."""
        is_known = since is not None and since <= base.start_on
        return share(top, bottom) - 1 if is_known else np.full(len(rows), np.nan)

    ever = column("mau") + column("prior_speakers") + column("earlier_speakers") > 0
    now: dict[Name, Floats] = {
        "staying": share("month_left", "month_members"),
        "speaking": share("month_speaking", "members"),
        "regular": np.where(ever, column("month_days") / np.maximum(column("month_known"), 1), np.nan),
        "renewal": renewed("mau", "prior_speakers", spans.prior),
        "spread": spread("_month_top", "mau"),
        "answering": share("month_answered", "month_questions"),
    }
    past = np.nan if not has_past else 1.0
    before: dict[Name, Floats] = {
        "staying": share("prior_left", "prior_members") * past,
        "speaking": share("prior_speaking", "month_members") * past,
        "regular": np.where(ever, column("prior_days") / MONTH, np.nan) * past,
        "renewal": renewed("prior_speakers", "earlier_speakers", spans.earlier) * past,
        "spread": spread("_prior_top", "prior_speakers") * past,
        "answering": share("prior_answered", "prior_questions") * past,
    }
    found = health(now, before)
    told: dict[str, Floats] = {"health": found.score, "health_before": found.before, "health_moved": found.change}
    for part in PARTS:
        name = part.name
        told |= {
            f"{name}_now": now[name],
            f"{name}_before": before[name],
            f"{name}_points": found.points[name],
            f"{name}_moved": found.moved[name],
        }
    return pd.concat([rows, pd.DataFrame(told, index=rows.index).astype("Float64").where(lambda f: f.notna())], axis=1)
