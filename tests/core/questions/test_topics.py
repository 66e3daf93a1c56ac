"""What members talk about: words, terms apart, topics, mentions, over lakes by hand, by loops, and a real channel."""

import math
import random
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unknown
from core.metrics import talk, terms
from core.periods import Period, comparable
from core.scope import EVERYTHING, Filters, Scope
from core.work.home import Home
from core.work.questions import answers, topics, wordlists
from core.work.questions.places import TOTAL
from core.work.questions.reading import reading
from tests import lakes
from tests.core.questions.test_community import AHEAD, GROUPS, MARCH, at, described, message
from tests.seeds import seeds

TEA = [
    "明前龙井满屋子香",
    "明前龙井真好喝",
    "龙井的豆香很浓",
    "明前龙井回购三次",
    "豆香和龙井最配",
    "龙井泡三次还有豆香",
]
POST = ["快递三天没动静", "物流信息不更新", "快递放驿站", "物流太慢", "快递和物流都慢", "驿站的快递坏了"]


def said(home, rows, **more):
    lakes.add(
        home,
        1,
        group_messages=[
            message(n, who, group, at(when), text) | more for n, (who, group, when, text) in enumerate(rows)
        ],
    )
    described(home)


def cut(home):
    with home.lake.open() as snapshot:
        return wordlists.cut(snapshot)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天泡了明前龙井，满屋子香！", ["明前", "龙井", "满屋子"]),
        ("@小王 价格是 88 元 https://a.b/wifi me@shop.cn [强]", ["价格"]),
        ("bob: my WiFi drivers don't work, WIFI!", ["wifi", "drivers"]),
        ("。。。 123 4.5", []),
    ],
)
def test_a_text_is_cut_into_terms_without_addresses_figures_and_stop_words(tmp_path: Path, text, expected):
    assert terms.words(text, cut(lakes.home(tmp_path)), wordlists.stops()) == expected


def test_names_of_products_are_one_word(tmp_path: Path):
    home = lakes.home(tmp_path)
    with home.writer.change("import", 1) as change:
        change.merge("products", lakes.rows("products", [{"product_id": "p", "name": "白毫银针散装 50g"}]))
    assert terms.words("福鼎白毫银针散装不错", cut(home), wordlists.stops()) == ["福鼎", "白毫银针散装", "不错"]


counts = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=8)


@given(counts)
def test_how_far_terms_set_sides_apart_is_as_published_and_turns_round_with_the_sides(pairs):
    own, other = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    found = terms.apart(own, other)
    assert found == pytest.approx(-terms.apart(other, own))
    whole = sum(own) + sum(other)
    for place, (left, right) in enumerate(pairs):
        if not left + right or left + right == whole:
            continue
        prior = 100 * (left + right) / whole
        odds = [
            math.log((n + prior) / (total + 100 - n - prior)) for n, total in ((left, sum(own)), (right, sum(other)))
        ]
        z = (odds[0] - odds[1]) / math.sqrt(1 / (left + prior) + 1 / (right + prior))
        assert found[place] == pytest.approx(z)


def test_terms_of_the_period_rise_and_those_of_the_one_before_fall(tmp_path: Path):
    """In February all speak of parcels, in March of tea; 喝茶 in both alike."""
    home = lakes.home(tmp_path)
    rows = [(n % 9, "g1", f"2025-02-{1 + n % 27:02d} 10:00", f"快递慢，喝茶{n}") for n in range(40)]
    rows += [(n % 9, "g1", f"2025-03-{1 + n % 28:02d} 10:00", f"龙井香，喝茶{n}") for n in range(44)]
    said(home, rows)
    with reading(home, Filters(MARCH)) as opened:
        found = topics.terms_of(opened, "total", TOTAL)
    assert found is not None
    before = sum(1 for n in range(40))
    assert found.rising["term"].tolist() == ["龙井"] and found.falling["term"].tolist() == ["快递"]
    assert found.rising[["messages", "messages_other", "speakers"]].values.tolist() == [[44, 0, 9]]
    assert found.falling[["messages", "messages_other"]].values.tolist() == [[0, before]]
    assert (found.read.used, found.read.texts) == (84, 84)


def test_no_term_rises_against_days_that_messages_do_not_reach_back_to(tmp_path: Path):
    """February is told from the 2nd on alone, so that March is held against nothing; other groups of March are as before."""
    home = lakes.home(tmp_path)
    rows = [(n % 9, "g1", f"2025-02-{2 + n % 26:02d} 10:00", f"快递慢，喝茶{n}") for n in range(40)]
    rows += [(n % 9, "g1", f"2025-03-{1 + n % 28:02d} 10:00", f"龙井香，喝茶{n}") for n in range(44)]
    rows += [(n % 9, "g2", f"2025-03-{1 + n % 28:02d} 11:00", f"快递慢，喝茶{n}") for n in range(44)]
    said(home, rows)
    with reading(home, Filters(MARCH)) as opened:
        found, beside = topics.terms_of(opened, "total", TOTAL), topics.terms_of(opened, "group", "g1", "others")
    assert found is not None and found.read.since == at("2025-02-02").date()
    assert found.rising.empty and found.falling.empty
    assert beside is not None and beside.rising["term"].tolist() == ["龙井"]


def test_a_group_is_held_against_all_others_of_the_same_days(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [(n % 9, "g1", f"2025-03-{1 + n % 28:02d} 10:00", f"龙井香{n}") for n in range(40)]
    rows += [(n % 9, "g2", f"2025-03-{1 + n % 28:02d} 10:00", f"红茶暖{n}") for n in range(40)]
    said(home, rows)
    with reading(home, Filters(MARCH)) as opened:
        found = topics.terms_of(opened, "group", "g2", "others")
        with pytest.raises(Unknown, match="Did you mean others"):
            topics.terms_of(opened, "group", "g2", "other")  # type: ignore[arg-type]
    assert found is not None
    assert (found.rising["term"].tolist(), found.falling["term"].tolist()) == (["红茶"], ["龙井"])


def test_of_more_texts_than_it_can_cut_it_says_how_many_it_took(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(topics, "MOST_TEXTS", 30)
    home = lakes.home(tmp_path)
    said(home, [(n % 9, "g1", "2025-03-05 10:00", f"龙井香{n}") for n in range(50)])
    with reading(home, Filters(MARCH)) as opened:
        first, again = (topics.terms_of(opened, "total", TOTAL) for _ in range(2))
    assert first is not None and again is not None
    assert (first.read.used, first.read.texts) == (30, 50)
    assert first.rising.equals(again.rising)


def test_topics_part_what_is_about_different_things_the_largest_first_whatever_the_order(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(topics, "MOST_TOPICS", 2)
    texts = [*TEA * 3, *POST * 2, "嗯嗯"]
    labels = []
    for seed in range(2):
        home = lakes.home(tmp_path / str(seed))
        mixed = random.Random(seed).sample(texts, len(texts))
        said(home, [(n % 5, "g1", f"2025-03-{1 + n % 28:02d} 10:00", text) for n, text in enumerate(mixed)])
        with reading(home, Filters(MARCH)) as opened:
            found = topics.topics_of(opened, "group", "g1")
            assert found is not None
            people = [topics.behind_topic(opened, "group", "g1", n) for n in range(2)]
            assert topics.behind_topic(opened, "group", "g1", 7).empty
        assert [one.messages for one in found.topics] == [18, 12]
        assert [one.speakers for one in found.topics] == [len(frame) for frame in people]
        assert [frame["value"].sum() for frame in people] == [18, 12]
        assert set(found.topics[0].examples) <= set(TEA) and set(found.topics[1].examples) <= set(POST)
        assert "龙井" in found.topics[0].labels and "快递" in found.topics[1].labels
        labels.append([one.labels for one in found.topics])
    assert labels[0] == labels[1]


def test_a_handful_of_texts_has_no_topics(tmp_path: Path):
    home = lakes.home(tmp_path)
    said(home, [(1, "g1", "2025-03-05 10:00", "龙井香")])
    with reading(home, Filters(MARCH)) as opened:
        found = topics.topics_of(opened, "total", TOTAL)
    assert found is not None and found.topics == () and found.messages == 1


WORDS = ["龙井", "WiFi", "c++", "我 的"]


@pytest.mark.parametrize("seed", seeds(3))
@pytest.mark.parametrize("by", ["group", "unit", "total"])
def test_mentions_are_those_of_plain_loops(tmp_path: Path, seed: int, by):
    """Latin words whole, Chinese ones anywhere; staff, acknowledgements and pictures aside."""
    home, rng = lakes.home(tmp_path), random.Random(seed)
    pool = [
        "明前龙井好",
        "my WIFI is down",
        "wifis are nice",
        "无wifi信号",
        "C++ rocks",
        "c rocks",
        "收到",
        "这是我 的",
        "龙",
        None,
        "求龙井链接",
    ]
    rows = [
        message(n, rng.choice([None, 1, 2, 3, 4]), rng.choice(list(GROUPS)), at("2025-02-01 00:30") + timedelta(hours=rng.randrange(24 * 58)),
                rng.choice(pool), rng.choice(["member"] * 4 + ["staff", "bot"])) | {"message_kind": rng.choice([None, "text", "image", "link"])}
        for n in range(300)
    ]  # fmt: skip
    lakes.add(home, 1, group_messages=rows)
    described(home)
    period = rng.choice([MARCH, Period(date(2025, 2, 20), date(2025, 3, 10))])
    now, before = comparable(period, max((row["occurred_at"] + AHEAD).date() for row in rows))
    keys = {"group": "g1", "unit": "north", "total": TOTAL}
    inside = {"group": {"g1"}, "unit": {"g1", "g2"}, "total": set(GROUPS)}[by]
    for wanted in ([WORDS[0]], [WORDS[1]], [WORDS[2]], WORDS):
        hit = [
            row for row in rows
            if row["sender_kind"] == "member" and row["identity_key"] and row["group_id"] in inside and row["text"] not in (None, "收到")
            and row["message_kind"] != "image" and any(_holds(row["text"], word) for word in wanted)
        ]  # fmt: skip
        sides = [
            [row for row in hit if side.start_on <= (row["occurred_at"] + AHEAD).date() < side.end_on]
            for side in (now, before)
        ]
        with reading(home, Filters(period)) as opened:
            found = topics.mentions(opened, by, keys[by], wanted)
            people = topics.behind_mentions(opened, by, keys[by], wanted)
        assert found is not None
        messages, speakers = (
            [len(side) for side in sides],
            [len({row["identity_key"] for row in side}) for side in sides],
        )
        if min((row["occurred_at"] + AHEAD).date() for row in rows) > before.start_on:
            messages[1] = speakers[1] = None
        assert [found.messages, found.messages_before] == messages
        assert [found.speakers, found.speakers_before] == speakers
        assert dict(people.itertuples(index=False, name=None)) == Counter(row["identity_key"] for row in sides[0])
        assert found.days["messages"].sum() == found.places["messages"].sum() == len(sides[0])
        assert dict(zip(found.places["key"], found.places["messages"], strict=True)) == Counter(
            row["group_id"] for row in sides[0]
        )


def _holds(text: str, word: str) -> bool:
    if any(letter > "\u2e80" for letter in word):
        return word.lower() in text.lower()
    return re.search(rf"(?<![a-z0-9+#'-]){re.escape(word.lower())}(?![a-z0-9+#'-])", text.lower()) is not None


def test_examples_are_masked(tmp_path: Path):
    home = lakes.home(tmp_path)
    said(home, [(1, "g1", "2025-03-05 10:00", "龙井找我 13800138000 或 a.lee@shop.cn")])
    with reading(home, Filters(MARCH)) as opened:
        found = topics.mentions(opened, "total", TOTAL, ["龙井"])
    assert found is not None and found.examples == ("龙井找我 138****8000 或 a***@shop.cn",)


def test_without_a_word_or_without_messages_nothing_is_mentioned(tmp_path: Path):
    home = lakes.home(tmp_path)
    with reading(home, Filters(MARCH)) as opened:
        assert topics.mentions(opened, "total", TOTAL, ["茶"]) is None
        assert topics.terms_of(opened, "total", TOTAL) is None and topics.topics_of(opened, "total", TOTAL) is None
    said(home, [(1, "g1", "2025-03-05 10:00", "龙井")])
    with reading(home, Filters(MARCH)) as opened:
        assert topics.mentions(opened, "total", TOTAL, ["！", " "]) is None
        assert topics.behind_mentions(opened, "total", TOTAL, []).empty


def test_a_scope_of_units_leaves_its_groups_and_members(tmp_path: Path):
    home = lakes.home(tmp_path)
    said(
        home,
        [
            (1, "g1", "2025-03-05 10:00", "龙井"),
            (2, "g1", "2025-03-05 11:00", "龙井"),
            (1, "g3", "2025-03-05 10:00", "龙井"),
        ],
    )
    with home.writer.change("import", 98) as change:
        units = [{"identity_key": 1, "unit_id": "north"}, {"identity_key": 2, "unit_id": "south"}]
        change.merge("member_profiles", lakes.rows("member_profiles", units))
    for scope, expected in ((EVERYTHING, (3, 2)), (Scope(frozenset({"north"})), (1, 1)), (Scope(frozenset()), (0, 0))):
        with reading(home, Filters(MARCH), scope) as opened:
            found = topics.mentions(opened, "total", TOTAL, ["龙井"])
        assert found is not None and (found.messages, found.speakers) == expected


@pytest.mark.long
def test_a_real_channel_speaks_english(irc: Home):
    """ubuntu_irc: of its last days, words as loops count them, terms and topics that a reader of it knows."""
    with reading(irc) as opened:
        table = opened.table("group_messages")
        rows = table.filter(
            talk.is_activity(table)
            & table.member_id.notnull()
            & table.message_kind.fill_null("text").isin(("text", "link"))
        )
        raw = opened.snapshot.arrow(rows.select("member_id", "text")).to_pylist()
        found = topics.mentions(opened, "total", TOTAL, ["wifi", "nvidia"])
        about = topics.topics_of(opened, "total", TOTAL)
    hit = [row for row in raw if row["text"] and (_holds(row["text"], "wifi") or _holds(row["text"], "nvidia"))]
    assert found is not None and about is not None
    assert (found.messages, found.speakers) == (len(hit), len({row["member_id"] for row in hit}))
    assert about.read.used == min(about.read.texts, topics.MOST_TEXTS) < about.read.texts
    labels = {label for one in about.topics for label in one.labels}
    assert len(about.topics) == topics.MOST_TOPICS and labels & {"ubuntu", "install", "file", "windows"}
    assert all(one.messages >= one.speakers > 0 for one in about.topics)


def test_ask_says_terms_and_topics(tmp_path: Path):
    home = lakes.home(tmp_path)
    rows = [(n % 9, "g1", f"2025-03-{1 + n % 28:02d} 10:00", f"{text}{n}") for n, text in enumerate(TEA * 6)]
    said(home, [*rows, *[(n % 9, "g1", "2025-02-01 10:00", f"快递慢{n}") for n in range(40)]])
    found = answers.ask(home, "terms", Filters(MARCH), {})
    assert {row["side"] for row in found} == {"rising", "falling"} and found[0]["term"] == "龙井"
    assert answers.ask(home, "topics", Filters(MARCH), {})[0]["read"] == len(rows)
    with pytest.raises(Unknown, match="Unknown breakdown"):
        answers.ask(home, "terms", Filters(MARCH), {"by": "group"})
