"""Group chats (product.md 5.7): who is in them and who speaks. Expressions over facts, figures by any key of groups.

What is read of the whole lake stands in four tables, of which all else follows: ``talked`` and ``first_words`` (who said how much on
which day, and since when), ``core.metrics.rosters.states`` (who was in when) and ``core.metrics.replies.answered``. Their grain is the
group; ``keyed`` rows carry the key of what the group belongs to as well. Somebody in two groups of a key is one person of it. Only
what members say counts (``core.metrics.talk``).
"""

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from core.metrics import talk
from core.periods import Period

WEEK, MONTH = 7, 30
"""Days of WAU and MAU, both ending with the period; a month is also what health is told of."""
PLACE = ("group_id", "member_id")
SAID = ("said", "said_before", "week_said", "month_said", "prior_said", "earlier_said")
TURNOVER = ("speakers", "new_speakers", "kept_speakers", "reactivated_speakers", "lost_speakers")


@dataclass(frozen=True, slots=True)
class Spans:
    """What figures are told of: the period, what it is held against, and for health the last 30 days with it, the 30 before, and the
    30 before those."""

    now: Period
    before: Period

    @property
    def month(self) -> Period:
        return Period(self.now.end_on - timedelta(days=MONTH), self.now.end_on)

    @property
    def week(self) -> Period:
        return Period(self.now.end_on - timedelta(days=WEEK), self.now.end_on)

    @property
    def prior(self) -> Period:
        return self.month.before()

    @property
    def earlier(self) -> Period:
        return self.prior.before()

    @property
    def start_on(self) -> date:
        """The first day of any of them."""
        return min(self.before.start_on, self.now.start_on, self.earlier.start_on)

    def named(self) -> dict[str, Period]:
        """The span that each of ``SAID`` counts the messages of."""
        return dict(zip(SAID, (self.now, self.before, self.week, self.month, self.prior, self.earlier), strict=True))


# -- what is read of the whole lake ------------------------------------------------------------------------------------


def talked(messages: ir.Table) -> ir.Table:
    """``group_id``, ``member_id``, ``local_date``, ``said``: messages that count. ``messages``: ``group_messages`` linked to members."""
    kept = messages.filter(talk.is_activity(messages) & messages.member_id.notnull() & messages.group_id.notnull())
    return kept.group_by(*PLACE, "local_date").aggregate(said=ibis._.count())


def first_words(talked: ir.Table) -> ir.Table:
    """``group_id``, ``member_id``, ``first_on``: the day of somebody's first message in a group."""
    return talked.group_by(*PLACE).aggregate(first_on=talked.local_date.min())


def written(messages: ir.Table) -> ir.Table:
    """``group_id``, ``local_date``, ``messages``: all rows of ``group_messages``, by whomever."""
    return (
        messages.filter(messages.group_id.notnull())
        .group_by("group_id", "local_date")
        .aggregate(messages=ibis._.count())
    )


# -- speaking ----------------------------------------------------------------------------------------------------------


def speakers(talked: ir.Table, first_words: ir.Table, spans: Spans) -> ir.Table:
    """One row per group and member who ever spoke by the end of the period: ``first_on``, and messages in each of the spans
    (``Spans.named``)."""
    rows = talked.filter((talked.local_date >= spans.start_on) & (talked.local_date < spans.now.end_on))
    sums = rows.group_by(*PLACE).aggregate(
        **{name: rows.said.sum(where=within(rows, period)) for name, period in spans.named().items()}
    )
    found = first_words.filter(first_words.first_on < spans.now.end_on).left_join(sums, PLACE)
    return found.select(*PLACE, "first_on", **{name: found[name].fill_null(0) for name in spans.named()})


def by_key(speakers: ir.Table) -> ir.Table:
    """Keyed speakers as one row per key and member."""
    return speakers.group_by("key", "member_id").aggregate(
        first_on=speakers.first_on.min(), **{name: speakers[name].sum() for name in SAID}
    )


def turnover(speakers: ir.Table, now: Period) -> ir.Table:
    """Per key: ``said`` and ``said_before``; ``speakers`` of the period, of whom ``new_speakers`` spoke for the first time,
    ``kept_speakers`` spoke in the period before as well, and ``reactivated_speakers`` spoke before that only; ``lost_speakers``: of the
    period before (``speakers_before``), silent in this one. new + kept + reactivated = speakers; speakers_before - lost = those
    who spoke in both. ``wau`` and ``mau``: of the last 7 and 30 days up to its end; ``prior_speakers``, ``earlier_speakers``: of these
    spans."""
    kinds = {name: _count(is_so) for name, is_so in told_apart(speakers, now).items()}
    return speakers.group_by("key").aggregate(
        said=speakers.said.sum(),
        said_before=speakers.said_before.sum(),
        speakers_before=_count(speakers.said_before > 0),
        wau=_count(speakers.week_said > 0),
        mau=_count(speakers.month_said > 0),
        prior_speakers=_count(speakers.prior_said > 0),
        earlier_speakers=_count(speakers.earlier_said > 0),
        **kinds,
    )


def told_apart(speakers: ir.Table, now: Period) -> dict[str, ir.BooleanValue]:
    """Whom each figure of ``turnover`` counts, by its name."""
    is_now, was_before = speakers.said > 0, speakers.said_before > 0
    is_new = speakers.first_on >= now.start_on
    told = (
        is_now,
        is_now & is_new,
        is_now & was_before & ~is_new,
        is_now & ~was_before & ~is_new,
        was_before & ~is_now,
    )
    return dict(zip(TURNOVER, told, strict=True))


def daily(talked: ir.Table, spans: Spans, since: date) -> ir.Table:
    """Per key, of keyed rows: ``speaker_days`` of the period, ``dau`` (their mean over its days from ``since`` on, the first day that messages
    are known of; null where it has none), ``month_speaker_days``; ``month_days`` and ``prior_days``: days of these spans on which anybody
    spoke; ``last_on``: the last such day, null where it lies before them all."""
    now, month, prior = spans.now, spans.month, spans.prior
    start_on = min(now.start_on, prior.start_on)
    rows = talked.filter((talked.local_date >= start_on) & (talked.local_date < now.end_on))
    days = rows.group_by("key", "local_date").aggregate(people=rows.member_id.nunique())
    found = days.group_by("key").aggregate(
        speaker_days=days.people.sum(where=within(days, now)).fill_null(0),
        month_speaker_days=days.people.sum(where=within(days, month)).fill_null(0),
        month_days=_count(within(days, month)),
        prior_days=_count(within(days, prior)),
        last_on=days.local_date.max(),
    )
    days = now.days_from(since)
    return found.mutate(dau=found.speaker_days / days if days else ibis.null("float64"))


# -- being in ----------------------------------------------------------------------------------------------------------


def inside(states: ir.Table, on: date) -> ir.BooleanValue:
    """Whether a row of ``core.metrics.rosters.states`` says that its person was in at the start of a day. Of the rows of one person in
    one group at most one does."""
    is_last = (states.local_date < on) & (states.next_on.isnull() | (states.next_on >= on))
    return (is_last & states.is_in) | (states.is_first & (states.local_date >= on) & states.was_in)


def moved(states: ir.Table) -> dict[str, ir.BooleanValue]:
    """Whether a row is a change: ``joined``, ``left``."""
    return {"joined": states.is_in & ~states.was_in, "left": ~states.is_in & states.was_in}


def changes(states: ir.Table, spans: Spans) -> ir.Table:
    """Per key, of keyed rows: ``joined`` and ``left`` (changes in the period; somebody who comes and goes counts in both), and of these
    ``joined_listed`` and ``left_listed``: known from lists of members alone, no callback told them; ``month_left`` and ``prior_left``;
    ``early_joined``: joinings of 30 days that ended 7 days before the period does, of which ``early_left`` left within 7 days."""
    joined, left = (moved(states)[name] for name in ("joined", "left"))
    week = timedelta(days=WEEK)
    settled = Period(spans.month.start_on - week, spans.month.end_on - week)
    is_early = states.until_on <= states.local_date + ibis.interval(days=WEEK)
    now = within(states, spans.now)
    return states.group_by("key").aggregate(
        joined=_count(joined & now),
        left=_count(left & now),
        joined_listed=_count(joined & now & states.is_listed),
        left_listed=_count(left & now & states.is_listed),
        month_left=_count(left & within(states, spans.month)),
        prior_left=_count(left & within(states, spans.prior)),
        early_joined=_count(joined & within(states, settled)),
        early_left=_count((joined & within(states, settled) & is_early).fill_null(False)),
    )


def standing(states: ir.Table, speakers: ir.Table, spans: Spans, *, of_one_group: bool) -> ir.Table:
    """Who was in at one of four moments: ``key``, ``member_id``, ``is_in`` (at the end of the period), ``was_in`` (at its start), ``month_in``
    and ``prior_in`` (at the start of these spans), with what ``speakers`` (per key and member) says of them, null for those who never
    spoke. Both keyed. Of a key and member at most one row holds at a moment; ``of_one_group``: each key is one group, where that is so
    as it is."""
    moments = {
        "is_in": spans.now.end_on,
        "was_in": spans.now.start_on,
        "month_in": spans.month.start_on,
        "prior_in": spans.prior.start_on,
    }
    rows = states.select("key", "member_id", **{name: inside(states, on) for name, on in moments.items()})
    rows = rows.filter(rows.is_in | rows.was_in | rows.month_in | rows.prior_in)
    if not of_one_group:
        rows = rows.group_by("key", "member_id").aggregate(**{name: rows[name].any() for name in moments})
    return rows.left_join(speakers, ["key", "member_id"]).drop("key_right", "member_id_right")


def membership(standing: ir.Table) -> ir.Table:
    """Per key: ``members`` and ``members_before`` (at the end and at the start of the period), ``month_members`` and ``prior_members`` (at
    the start of these spans), and the rungs of the ladder. Of one group members_before + joined - left = members."""
    was_speaking = (standing.prior_said > 0).fill_null(False)
    return standing.group_by("key").aggregate(
        members=_count(standing.is_in),
        members_before=_count(standing.was_in),
        month_members=_count(standing.month_in),
        prior_members=_count(standing.prior_in),
        month_speaking=_count(standing.is_in & (standing.month_said > 0).fill_null(False)),
        prior_speaking=_count(standing.month_in & was_speaking),
        **{name: _count(standing.is_in & is_so) for name, is_so in rungs(standing).items()},
    )


def rungs(standing: ir.Table) -> dict[str, ir.BooleanValue]:
    """The rungs from reading to buying, of members at the end of the period: ``speaking`` (spoke in it), ``ever_spoke`` (spoke at any time;
    all others have only ever read), and where it is known who bought (``bought``, in the period): ``buying``, ``buying_speakers`` (of
    those who speak), ``buying_lurkers`` (of those who only read)."""
    speaking, ever = (standing.said > 0).fill_null(False), standing.said.notnull()
    found = {"speaking": speaking, "ever_spoke": ever}
    if "bought" in standing.columns:
        bought = standing.bought.fill_null(False)
        found |= {"buying": bought, "buying_speakers": bought & speaking, "buying_lurkers": bought & ~ever}
    return found


def within(rows: ir.Table, period: Period) -> ir.BooleanValue:
    return (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)


def _count(is_so: ir.BooleanValue) -> ir.IntegerScalar:
    return is_so.cast("int64").sum()
