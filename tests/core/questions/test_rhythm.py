"""When groups live, what is posted, and what the slots draw: random histories against loops, by hand, scopes, ask."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import Unknown
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers
from core.work.questions.places import By
from core.work.questions.reading import reading
from core.work.questions.rhythm import OUTSIDE, PARTS, Part, rhythm
from tests import lakes
from tests.histories import Histories, days_of, described, is_said, message, move, post
from tests.oracles import rhythm as oracle
from tests.seeds import seeds

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
SORTS = {
    "好喝": "other",
    "求链接": "other",
    "收到": "other",
    None: "other",
    "投票：要哪个": "interaction",
    "欢迎新朋友": "people",
    "看 https://a.b": "content",
}


def asked(
    home: Home, part: Part, by: By = "total", period: Period = MARCH, of: str | None = None, scope: Scope = EVERYTHING
) -> pd.DataFrame:
    with reading(home, Filters(period), scope) as opened:
        found = rhythm(opened, by, of, (part,))
    assert found is not None
    return found.rows[part]


def filled(path: Path, messages: Sequence[dict[str, Any]], moves: Sequence[dict[str, Any]] = ()) -> Home:
    home = lakes.home(path)
    lakes.add(home, 1, group_messages=messages, **({"group_membership": moves} if moves else {}))
    described(home)
    return home


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def own(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    return rows[rows["key"] == key]


def plain(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: None if pd.isna(row[name]) else row[name] for name in names}


@pytest.mark.parametrize("by", ["group", "owner", "unit", "total"])
@pytest.mark.parametrize("seed", seeds(5))
def test_random_histories_have_the_rhythm_of_plain_loops(tmp_path: Path, by: By, seed: int):
    history = Histories(seed)
    home = filled(tmp_path, history.messages, history.moves)
    period = history.period()
    now, _ = comparable(period, history.as_of.date())
    with reading(home, Filters(period)) as opened:
        found = rhythm(opened, by)
    assert found is not None and found.period == now
    for key, groups in history.groups_of(by).items():
        told = {group: history.told_of(group) for group in groups}
        first = {group: min(days_of(told[group]) + days_of(history.moved(group))) for group in groups}
        said = [row for group in groups for row in told[group] if is_said(row)]
        heat = own(found.rows["heat"], key)
        expected = oracle.heat(said, now, min(first.values()), history.as_of)
        assert {(r.weekday, r.hour): (r.said, r.days) for r in heat.itertuples()} == expected
        mean = {(r.weekday, r.hour): r.mean for r in heat.itertuples()}
        assert all(
            mean[cell] == pytest.approx(s / d) if d else pd.isna(mean[cell]) for cell, (s, d) in expected.items()
        )
        posts = [
            row for group in groups for row in told[group]
            if row["sender"] == "staff" and row["reply_to"] is None and now.start_on <= row["at"].date() < now.end_on
        ]  # fmt: skip
        sorts = Counter("content" if row["content"] or row["kind"] != "text" else SORTS[row["text"]] for row in posts)
        mix = own(found.rows["mix"], key).to_dict("records")
        names = ("content", "interaction", "people", "other")
        assert [plain(row, names) for row in mix] == ([{name: sorts[name] for name in names}] if posts else [])
        parts = {
            group: {
                "first": first[group],
                "posts": [row["at"] for row in posts if row in told[group]],
                "said": [row for row in told[group] if is_said(row)],
            }
            for group in groups
        }
        rows = {row["slot"]: row for row in own(found.rows["slots"], key).to_dict("records")}
        inside = 0
        for name, begins in oracle.SLOTS.items():
            figures = oracle.slot(name, parts, now, history.as_of)
            assert plain(rows[name], list(figures)) == {
                k: v if v is None else pytest.approx(v) for k, v in figures.items()
            }
            during = [
                p
                for p in posts
                if datetime.combine(p["at"], begins) <= p["at"] < datetime.combine(p["at"], begins) + oracle.HOUR
            ]
            assert rows[name]["posts"] == len(during)
            inside += len(during)
        assert rows[OUTSIDE]["posts"] == len(posts) - inside


def test_a_weekday_that_is_there_more_often_is_not_livelier_for_it(tmp_path: Path):
    """Five Saturdays and four Fridays in March 2025, one message each at ten."""
    days = [date(2025, 3, 1) + timedelta(days=n) for n in range(31)]
    said = [message(n, "g1", datetime(on.year, on.month, on.day, 10), 1) for n, on in enumerate(days)]
    rows = asked(
        filled(
            tmp_path,
            [*said, message(99, "g1", at("2025-02-01 08:00"), 1), message(98, "g1", at("2025-04-01 00:00"), 1)],
        ),
        "heat",
    )
    ten = rows.query("hour == 10").set_index("weekday")
    assert ten["said"].to_dict() == {0: 5, 1: 4, 2: 4, 3: 4, 4: 4, 5: 5, 6: 5}
    assert set(ten["mean"]) == {1.0} and rows["said"].sum() == 31


def test_hours_that_are_not_there_yet_are_no_hours_without_a_word(tmp_path: Path):
    """The newest data is of Monday the 3rd at 9:30, the oldest of Saturday the 1st."""
    rows = asked(
        filled(tmp_path, [message(1, "g1", at("2025-03-01 08:00"), 1), message(2, "g1", at("2025-03-03 09:30"), 1)]),
        "heat",
    )
    days = rows.set_index(["weekday", "hour"])["days"]
    assert (days[0, 9], days[0, 10], days[5, 0], days[6, 23], days[1, 0]) == (1, 0, 1, 1, 0)
    assert pd.isna(rows.set_index(["weekday", "hour"])["mean"][0, 10])


def test_the_hour_after_a_post_is_held_against_the_same_hour_of_other_days(tmp_path: Path):
    """Of March 1 to 4 the slot at noon is served on the 2nd at 12:10 and, late, at 12:50: two people say three things up to 13:09. On the
    3rd one says one thing at 12:30 and another at 13:20; on the 4th nobody does; of the 1st nothing was known before it."""
    said = [("2025-03-02 12:10", 1), ("2025-03-02 12:40", 1), ("2025-03-02 13:09", 2), ("2025-03-02 13:10", 3), ("2025-03-02 12:09", 3),
            ("2025-03-03 12:30", 1), ("2025-03-03 13:20", 2), ("2025-03-01 12:30", 1)]  # fmt: skip
    rows = [message(n, "g1", at(when), who) for n, (when, who) in enumerate(said)]
    rows += [
        post(50, "g1", at("2025-03-02 12:50")),
        post(51, "g1", at("2025-03-02 12:10")),
        post(52, "g1", at("2025-03-04 21:59")),
    ]
    rows += [
        post(53, "g1", at("2025-03-04 12:00"), reply_to="m1"),
        post(54, "g1", at("2025-03-04 23:00"), content_id="c"),
    ]
    slots = asked(filled(tmp_path, rows), "slots").set_index("slot")
    noon = slots.loc["noon"]
    assert (noon.posts, noon.group_days, noon.served, noon.compared) == (2, 3, 1, 1)
    assert (noon.messages, noon.speakers, noon.usual_messages, noon.usual_speakers) == (3, 2, 0.5, 0.5)
    assert (slots.loc["evening"].served, slots.loc[OUTSIDE].posts, slots.loc[OUTSIDE].content) == (0, 2, 1)
    assert pd.isna(slots.loc["evening"].messages) and pd.isna(slots.loc[OUTSIDE].group_days)


def test_a_slot_that_is_not_over_with_the_hour_after_is_no_group_day(tmp_path: Path):
    rows = [message(1, "g1", at("2025-03-01 08:00"), 1), message(2, "g1", at("2025-03-03 13:59"), 1)]
    slots = asked(filled(tmp_path, rows), "slots").set_index("slot")
    assert slots["group_days"].tolist()[:3] == [2, 1, 1]


def test_all_that_members_said_is_in_the_map(tmp_path: Path):
    history = Histories(77)
    rows = asked(filled(tmp_path, history.messages, history.moves), "heat", "group")
    said = [r for g in ("g1", "g2", "g3", "g4") for r in history.told_of(g) if is_said(r) and r["at"].month == 3]
    assert rows["said"].sum() == len(said) > 10


def test_one_key_alone_has_the_rows_it_has_among_all(tmp_path: Path):
    history = Histories(3)
    home = filled(tmp_path, history.messages, history.moves)
    for part in PARTS:
        every, one = asked(home, part, "owner"), asked(home, part, "owner", of="ann")
        pd.testing.assert_frame_equal(every.query("key == 'ann'").reset_index(drop=True), one)
        assert asked(home, part, "owner", of="nobody").empty


def test_a_scope_of_units_leaves_their_groups(tmp_path: Path):
    rows = [
        post(1, "g1", at("2025-03-02 10:00")),
        post(2, "g3", at("2025-03-02 10:00")),
        message(3, "g3", at("2025-03-03 10:00"), 1),
    ]
    home = filled(tmp_path, rows)
    assert asked(home, "mix", "group", scope=Scope(frozenset({"north"})))["key"].tolist() == ["g1"]
    assert asked(home, "mix", "total", scope=Scope(frozenset({"south"})))["posts"].tolist() == [1]
    assert asked(home, "heat", "group", scope=Scope(frozenset())).empty


def test_without_messages_there_is_no_rhythm(tmp_path: Path):
    home = lakes.home(tmp_path)
    with reading(home) as opened:
        assert rhythm(opened) is None
    lakes.add(home, 1, group_membership=[move(1, "g1", at("2025-03-02 10:00"), "join")])
    with reading(home) as opened:
        assert rhythm(opened) is None


def test_ask_says_the_same_rows(tmp_path: Path):
    rows = [
        post(1, "g1", at("2025-03-02 12:10"), content_id="c"),
        message(2, "g1", at("2025-03-02 12:20"), 1),
        message(3, "g2", at("2025-03-30 12:20"), 1),
    ]
    home = filled(tmp_path, rows)
    assert len(answers.ask(home, "rhythm", Filters(MARCH), {})) == 168
    assert {row["key"] for row in answers.ask(home, "rhythm", Filters(MARCH), {"by": "group", "of": "g1"})} == {"g1"}
    assert answers.ask(home, "mix", Filters(MARCH), {"by": "unit"}) == [
        {"key": "north", "name": "北区", "posts": 1, "content": 1, "interaction": 0, "people": 0, "other": 0}
    ]
    assert [row["slot"] for row in answers.ask(home, "slots", Filters(MARCH), {})] == [
        "morning",
        "noon",
        "evening",
        "outside",
    ]
    assert answers.ask(lakes.home(tmp_path / "empty"), "mix", Filters(), {}) == []
    with pytest.raises(Unknown, match="Did you mean owner"):
        answers.ask(home, "slots", Filters(MARCH), {"by": "owners"})
