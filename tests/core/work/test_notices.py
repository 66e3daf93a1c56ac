"""What is said, in which words, and who sees it in the bell."""

import math
import tomllib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.risk.defaults import DEFAULTS
from core.risk.indicators import INDICATORS
from core.schema import CHANNELS
from core.scope import EVERYTHING, ROLES, Operator, Scope
from core.settings import PROJECT
from core.store import topics
from core.work import notice_words, notices
from core.work.notice_words import Said, digest, words
from core.work.notices import KINDS, Notice
from core.work.questions import notices as asked
from tests.core.work.notice_parts import ADMIN, NOW, house, say
from tests.lakes import add

LANGUAGES = ("zh", "en")
UNITS = {"n": None, "n1": "n", "s": None}


@pytest.fixture
def home(tmp_path):
    made = house(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def either(store, tmp_path):
    return house(tmp_path, store)


def of(*units):
    return Operator(7, "mei", "manager", Scope(frozenset(units)) if units else EVERYTHING)


def keys(bell):
    return [one.params["rule"] for one in bell.newest]


def test_a_notice_is_said_once_whatever_is_said_the_second_time(either):
    assert say(either, "a", "a", "b") == [True, False, True]
    assert say(either, "a", urgency="high") == [False]
    assert say(either, "a", kind="warning.ended") == [True]
    with either.store.reading() as session:
        assert topics.revision(session, notices.TOPIC) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        Notice("warning.lost", "a"),
        Notice("test", ""),
        Notice("test", "a" * 201),
        Notice("test", "a", "loud"),
        Notice("test", "a", units=()),
    ],
)
def test_a_notice_that_is_none_is_a_fault_of_the_program(home, wrong):
    with pytest.raises(ValueError, match="notice"), home.store.transaction() as session:
        notices.say(session, wrong, NOW)


def test_the_bell_counts_what_one_has_not_seen_and_shows_the_newest(either):
    say(either, *(str(n) for n in range(25)))
    bell = asked.unseen(either, ADMIN)
    assert (bell.unseen, keys(bell)) == (25, [str(n) for n in range(24, 4, -1)])
    assert not any(one.is_seen for one in bell.newest)
    notices.seen(either, ADMIN, bell.newest[0].notice_id, now=NOW)
    say(either, "new")
    bell = asked.unseen(either, ADMIN)
    assert (bell.unseen, [one.is_seen for one in bell.newest]) == (1, [False] + [True] * 19)
    notices.seen(either, ADMIN, 3, now=NOW)
    assert asked.unseen(either, ADMIN).unseen == 1
    assert asked.unseen(either, of()).unseen == 26


def test_who_sees_some_units_is_told_of_these_and_those_below_and_not_of_the_whole_house(either):
    add(either, 1, units=[{"unit_id": one, "parent_unit_id": above} for one, above in UNITS.items()])
    say(either, "of n", units=("n",))
    say(either, "of n1 and s", units=("n1", "s"))
    say(either, "of s", units=("s",))
    say(either, "of all")
    seen = {who: keys(asked.unseen(either, of(*who))) for who in (("n",), ("n1",), ("s",), ())}
    assert seen == {
        ("n",): ["of n1 and s", "of n"],
        ("n1",): ["of n1 and s"],
        ("s",): ["of s", "of n1 and s"],
        (): ["of all", "of s", "of n1 and s", "of n"],
    }
    assert asked.unseen(either, of("s")).unseen == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_words_and_both_languages_have_the_same_ones(language):
    told, other = (
        tomllib.loads((PROJECT / "data" / f"notices.{one}.toml").read_text(encoding="utf-8"))
        for one in (language, LANGUAGES[language == "zh"])
    )
    assert sorted(told["kinds"]) == sorted(KINDS)
    asks = {kind: [notice_words._PLACE.findall(line) for line in (one["title"], *one["lines"])] for kind, one in told["kinds"].items()}  # fmt: skip
    assert asks == {
        kind: [notice_words._PLACE.findall(line) for line in (one["title"], *one["lines"])] for kind, one in other["kinds"].items()
    }  # fmt: skip
    assert {name: sorted(one) for name, one in told["names"].items()} == {name: sorted(one) for name, one in other["names"].items()}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_that_the_product_brings_and_every_indicator_and_channel_has_a_name(language):
    names = tomllib.loads((PROJECT / "data" / f"notices.{language}.toml").read_text(encoding="utf-8"))["names"]
    told = {rule.indicator for rule in DEFAULTS.values()} - {""}
    assert [one for one in DEFAULTS if one not in names["rule"]] == []
    assert [one for one in told | set(INDICATORS) if one not in names["indicator"]] == []
    assert [one for one in CHANNELS if one not in names["place"]] == []
    assert sorted(names["roles"]) == sorted(ROLES)


RAISED = {
    "rule": "会员流失", "place": "华东", "level": "high", "indicator": "流失率", "value": 0.0314, "expected": 0.02, "limit": None, "unit": "share",
    "day": "2026-11-19", "warning_id": 7,
}  # fmt: skip


def test_a_warning_is_told_with_its_figures_and_a_link_and_without_what_is_not_known():
    assert words(Said("warning.raised", RAISED), "zh", url="https://a.example").text.splitlines() == [
        "风险预警：会员流失（华东）",
        "级别：高",
        "指标：流失率",
        "数值：3.1%",
        "预期：2.0%",
        "日期：2026-11-19",
        "查看：https://a.example/risk?warning=7&world=live",
    ]
    assert "http" not in words(Said("warning.raised", RAISED), "zh").text


@pytest.mark.parametrize(
    ("said", "there"),
    [
        (Said("drill.late", {"drill": 3, "scenario": "x"}), "/risk?part=drills&drill=3&world=live"),
        (Said("review.due", {"risk": "Title", "risk_id": "r-1"}), "/risk?part=register&risk=r-1&world=live"),
        (Said("evaluation.failed", {"code": "x"}), "/risk?part=rules&world=live"),
        (Said("target.paused", {"target": "hook"}), "/notices?world=live"),
        (Said("incident.late", {"incident": 5}), "/incidents?incident=5&world=live"),
        (Said("test", {}), None),
    ],
)
def test_what_is_told_leads_to_where_it_is_seen(said, there):
    assert notice_words.address(said, "live") == there


def test_the_demo_says_that_it_is_one():
    told = words(
        Said("incident.moved", {"incident": 3, "from": "assess", "to": "respond"}),
        "en",
        world="demo",
        url="https://a.example",
    )
    assert told.text == "[Demo] Incident 3: Assess → Respond\nOpen: https://a.example/incidents?incident=3&world=demo"


def test_roles_are_told_by_their_names():
    told = words(Said("incident.late", {"incident": 3, "state": "assess", "roles": "manager,admin"}), "zh").text
    assert told.splitlines() == ["应急事件 3：“评估”已超过期限", "相关角色：社群运营、管理员"]


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.5, "share", "50.0%"),
        (123456, "money", "1,234.56"),
        (1234.0, "count", "1,234"),
        (2.345, "days", "2.35"),
        (math.nan, "share", None),
        (math.inf, "count", None),
        (None, "count", None),
    ],
)
def test_a_figure_is_written_as_its_unit_has_it_and_left_out_where_there_is_none(value, unit, told):
    text = words(Said("warning.raised", {"value": value, "unit": unit}), "en").text
    assert (f"Value: {told}" in text.splitlines()) == (told is not None)
    assert ("Value" in text) == (told is not None)


def test_many_are_told_by_their_titles_up_to_fifty():
    told = digest([Said("review.due", {"risk": str(n)}) for n in range(53)], "en", url="https://a.example")
    lines = told.text.splitlines()
    assert (lines[0], lines[1], lines[50]) == (
        "53 notices",
        "• A risk is due for review: 0",
        "• A risk is due for review: 49",
    )
    assert lines[51:] == ["… and 3 more.", "Open: https://a.example/risk?world=live"]


TEXTS = st.one_of(
    st.text(), st.none(), st.integers(), st.floats(), st.just("{rule}"), st.just("a\r\nBcc: x"), st.booleans()
)


@given(
    kind=st.sampled_from([*KINDS, "unknown"]),
    params=st.dictionaries(st.sampled_from([*RAISED, "incident", "from", "to", "state", "target"]), TEXTS),
    language=st.sampled_from(LANGUAGES),
)
def test_words_never_fail_and_a_title_is_always_one_line_that_can_be_printed(kind, params, language):
    told = words(Said(kind, params), language, url="https://a.example")
    assert told.title
    assert told.title.isprintable()
    assert told.text.startswith(told.title)
    assert len(told.text.splitlines()) <= 10


def test_days_and_times_are_kept_as_text(home):
    say(home, "a", day=date(2026, 11, 19))
    assert asked.unseen(home, ADMIN).newest[0].params == {"day": "2026-11-19"}
    assert asked.unseen(home, ADMIN).newest[0].said_at == NOW < NOW + timedelta(seconds=1)
