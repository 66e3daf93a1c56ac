"""The sentence about a group's health names what moved it, or what is weak, in the reader's language."""

import pytest

from dashboard import i18n
from dashboard.widgets.community import health

FALLEN = {
    "health": 26.0, "health_before": 62.0, "health_moved": -36.0, "quiet_days": 14,
    "staying_now": 0.36, "staying_before": 0.04, "staying_points": 0.0, "staying_moved": -26.0,
    "speaking_now": 0.12, "speaking_before": 0.13, "speaking_points": 39.0, "speaking_moved": -1.5,
    "regular_now": 14 / 30, "regular_before": 26 / 30, "regular_points": 47.0, "regular_moved": -8.5,
}  # fmt: skip


@pytest.fixture(params=["zh", "en"])
def language(request, monkeypatch):
    monkeypatch.setattr(i18n, "_current", lambda: request.param)
    return request.param


def test_a_fall_is_explained_by_the_parts_that_moved_it_most(language):
    expected = {
        "zh": "健康分 26，比前 30 天低 36 分。主要原因：30 天里退群 36.0%，之前 4.0%（▼ 26 分）、16 天没人说话，之前 4 天（▼ 8 分）。 已经 14 天没有成员说话。",
        "en": "Health 26, 36 points lower than in the 30 days before, mainly because 36.0% left within 30 days, 4.0% before (▼ 26), "
        "nobody spoke on 16 days, on 4 before (▼ 8). No member has said a word for 14 days.",
    }
    assert health.sentence(FALLEN) == expected[language]


def test_a_part_that_moved_little_is_no_cause(language):
    row = FALLEN | {"regular_moved": -3.0, "quiet_days": 0}
    assert "16" not in health.sentence(row)


def test_a_steady_score_tells_what_is_weak(language):
    row = FALLEN | {"health_moved": 2.0, "quiet_days": 1, "staying_before": None}
    told = health.sentence(row)
    assert (
        "短板：30 天里退群 36.0%、发言的成员 12.0%"
        if language == "zh"
        else "what holds it down: 36.0% left within 30 days"
    ) in told


def test_without_a_month_before_nothing_is_held_against_it(language):
    row = {name: value for name, value in FALLEN.items() if not name.endswith(("_before", "_moved"))}
    assert ("还没有可比的前 30 天" if language == "zh" else "nothing to compare with yet") in health.sentence(row)


def test_without_a_score_the_sentence_says_why(language):
    assert "30" in health.sentence({"health": None})


def test_a_rise_names_what_rose(language):
    row = {
        "health": 80.0,
        "health_moved": 10.0,
        "renewal_now": 0.4,
        "renewal_before": 0.0,
        "renewal_points": 100.0,
        "renewal_moved": 10.0,
    }
    assert (
        "比前 30 天高 10 分。主要原因：发言人比前 30 天多 40.0%（▲ 10 分）"
        if language == "zh"
        else "40.0% more people spoke"
    ) in health.sentence(row)
