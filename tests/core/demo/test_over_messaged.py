"""The group that is sent to too often, the quiet one beside it, and what the staff posts: against the questions themselves."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import ibis
import pandas as pd
import pytest

from core.metrics import posts
from core.periods import Period
from core.scope import Filters
from core.settings import PROJECT
from core.work.demo import filling
from core.work.home import Home
from core.work.questions import aftermath
from core.work.questions.reading import reading
from tests.core.demo.conftest import END_ON, Filled, own, read

DAY = pd.Timedelta(days=1)
SEED = 20_240_208
"""The one that the app fills its demo brand by."""


@pytest.fixture(scope="module")
def usual_size(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    yield from read(own(tmp_path_factory, events=filling.DEFAULT_EVENTS, seed=SEED))


def after_sends(home: Home, from_on: str) -> pd.DataFrame:
    period = Period(date.fromisoformat(from_on), END_ON + timedelta(days=1))
    with reading(home, Filters(period)) as opened:
        found = aftermath.sends(opened)
    assert found is not None
    return found.rows.set_index("key")


def test_at_a_small_size_the_excess_of_the_over_messaged_group_shows_and_the_quiet_one_has_none(filled: Filled):
    _shows(filled)


@pytest.mark.long
def test_at_the_usual_size_the_excess_of_the_over_messaged_group_shows_and_the_quiet_one_has_none(usual_size: Filled):
    rows = _shows(usual_size)
    assert rows.index[rows["is_flagged"]].tolist() == [usual_size.truths["over_messaged_group"]["group_id"]]


def _shows(filled: Filled) -> pd.DataFrame:
    much, quiet, sick = (filled.truths[name] for name in ("over_messaged_group", "quiet_group", "sick_group"))
    rows = after_sends(filled.home, much["from_on"])
    assert len({much["group_id"], quiet["group_id"], sick["group_id"]}) == 3
    assert rows.loc[much["group_id"], "low"] > 0
    for other in (quiet["group_id"], sick["group_id"]):
        assert rows.loc[other, "low"] <= 0 <= rows.loc[other, "high"]
    return rows


def test_on_its_days_the_over_messaged_group_is_sent_to_as_planted_and_loses_whom_it_is_said_to(filled: Filled):
    much = filled.truths["over_messaged_group"]
    sent = filled.rows("group_messages").query("group_id == @much['group_id'] and sender_kind == 'staff'")
    sent = sent[sent.content_id.notna()]
    by_day = sent.groupby(pd.to_datetime(sent.local_date).dt.date.astype(str)).size()
    assert (by_day.reindex(much["days"]) >= much["fewest_sends"]).all()
    assert by_day.drop(much["days"]).max() <= 3
    left = filled.rows("group_membership").query("group_id == @much['group_id'] and change == 'leave'")
    planted = pd.to_datetime(pd.Series(much["left_at"])).dt.tz_localize(None)
    assert not Counter(planted) - Counter(left.occurred_at) and len(planted) == much["left"]
    for when in planted:
        assert ((sent.occurred_at <= when) & (sent.occurred_at > when - DAY)).sum() >= much["fewest_sends"] / 2


def test_the_sick_group_stays_the_worst(usual_size: Filled):
    """It loses the largest share of its members in its last five weeks, and it alone falls silent."""
    sick = usual_size.truths["sick_group"]
    moves, messages = usual_size.rows("group_membership"), usual_size.rows("group_messages")
    first = pd.Timestamp(sick["from_on"], tz="Asia/Shanghai").tz_convert("UTC").tz_localize(None)
    stays = moves.pivot(index=["group_id", "identity_key"], columns="change", values="occurred_at")
    there = stays[(stays["join"] < first) & ~(stays["leave"] < first)]
    lost = there["leave"].notna().groupby("group_id").mean().sort_values()
    assert lost.index[-1] == sick["group_id"] and lost.iloc[-1] > 2 * lost.iloc[-2]
    assert lost.index[-2] == usual_size.truths["over_messaged_group"]["group_id"]
    recent = messages[
        (messages.sender_kind == "member") & (pd.to_datetime(messages.local_date).astype(str) >= sick["silent_from_on"])
    ]
    assert set(moves.group_id) - set(recent.group_id) == {sick["group_id"]}


def test_those_who_were_driven_away_take_part_in_nothing_afterwards(usual_size: Filled):
    group = usual_size.truths["over_messaged_group"]["group_id"]
    part, moves = (usual_size.rows(name) for name in ("activity_participation", "group_membership"))
    part, moves = part[part.group_id == group], moves[moves.group_id == group]
    left = moves[moves.change == "leave"].set_index("identity_key").occurred_at
    until = part.identity_key.map(left)
    assert len(part) and (until.isna() | (part.occurred_at < until)).all()


def test_posts_are_sorted_as_they_were_planted(usual_size: Filled):
    """What was planted is known by the words of each post. Content is planted at 60 %, interaction at 30 %, people at 10 %; the further
    sends are content."""
    period = Period(END_ON - timedelta(days=429), END_ON + timedelta(days=1))
    planted = _planted()
    messages = usual_size.rows("group_messages")
    own = messages[(messages.sender_kind == "staff") & messages.reply_to.isna()]
    expected = own.text.map(planted)
    found = _sorted(usual_size.home, period)
    rows = own.assign(expected=expected.to_numpy()).merge(found, on="message_id")
    assert len(rows) == len(own) > 10_000 and rows.expected.notna().all()
    assert (rows.expected == rows["sort"]).mean() == 1.0
    shares = rows["sort"].value_counts(normalize=True)
    assert [round(shares[name], 2) for name in ("content", "interaction", "people")] == pytest.approx(
        [0.6, 0.3, 0.1], abs=0.011
    )


def test_without_what_they_carry_nearly_all_posts_are_still_sorted_as_planted(usual_size: Filled):
    """By their words alone, as where nobody keeps a list of content."""
    period = Period(END_ON - timedelta(days=429), END_ON + timedelta(days=1))
    found = _sorted(usual_size.home, period, bare=True)
    messages = usual_size.rows("group_messages")
    rows = messages[["message_id", "text"]].merge(found, on="message_id")
    assert (rows.text.map(_planted()) == rows["sort"]).mean() > 0.99


def _planted() -> dict[str, str]:
    """The sort of every text that the demo's staff may post."""
    seeds = tomllib.loads((PROJECT / "data" / "brand" / "phrases.toml").read_text(encoding="utf-8"))
    names = [line.split(",")[1].split()[0] for line in _products()]
    sorts = {
        "staff_content": "content",
        "staff_slip": "content",
        "staff_interact": "interaction",
        "staff_people": "people",
    }
    return {
        phrase.replace("{p}", name): sort
        for key, sort in sorts.items()
        for phrase in seeds.get(key, ())
        for name in names
    }


def _products() -> list[str]:
    path: Path = PROJECT / "data" / "brand" / "products.csv"
    return path.read_text(encoding="utf-8").splitlines()[1:]


def _sorted(home: Home, period: Period, *, bare: bool = False) -> pd.DataFrame:
    """``message_id`` and ``sort`` of all posts; ``bare``: as if they carried nothing."""

    with reading(home, Filters(period)) as opened:
        rows = opened.visible("group_messages")
        rows = rows.filter(posts.is_post(rows))
        if bare:
            rows = rows.mutate(content_id=ibis.null("string"), message_kind=ibis.literal("text"))
        return opened.snapshot.frame(rows.select("message_id", sort=posts.sort(rows)))
