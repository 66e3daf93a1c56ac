"""生命周期, through the frame: states, the identity, transitions, stages, their people, and questions that cannot be."""

import re
from html import unescape
from urllib.parse import parse_qs

import pytest

from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.shop import fill

STATES = ("new", "returning", "active", "resurrected", "dormant", "lost")


def open_with(opened, role="analyst", language="zh", units=None, **query):
    """The page at an address, come to from another page. All forty buy in October; in November they all look around."""
    test = opened("catalog", role, language, units=units)
    for name, value in {"period": "all", "each": "month", **query}.items():
        test.query_params[name] = value
    return go(test, "lifecycle")


def html(test):
    return "".join(part.value for part in test.html)


def table(test):
    """Figures of all periods, in the box that is opened for them."""
    test.session_state["lifecycle_table"] = True
    return next(frame.value for frame in test.run().dataframe if len(frame.value.columns) == 9)


def way(test, name):
    """Words of a link, and the address that it leads to; None where nothing is behind it."""
    found = re.search(rf'<(a|span) id="{name}" class="[^"]*"(?: href="\?([^"]*)")?[^>]*>(.*?)</', html(test))
    return unescape(found[3]), found[2] if found[2] is None else unescape(found[2])


def follow(test, name):
    """Follow a link to people, as the browser does."""
    return go_to(test, way(test, name)[1])


def choice(test, words):
    """Where a choice leads."""
    return unescape(re.search(rf'<a href="\?([^"]*)"[^>]*>{words}</a>', html(test))[1])


def chosen(test, key):
    """What is marked as the chosen one of a row of choices."""
    row = re.search(rf'<div id="field-{key}">(.*?)</nav>', html(test))[1]
    return re.search(r'aria-current="true">(.*?)</a>', row)[1]


def go_to(test, address):
    for key in list(test.query_params):
        del test.query_params[key]
    for key, values in parse_qs(address, keep_blank_values=True).items():
        test.query_params[key] = values
    return test.run()


def flows(test):
    """Figures on the ways to the members of the bridge."""
    return [int(re.sub(r"\D", "", way(test, f"flow-{term}")[0])) for term in
            ("opening", "new", "resurrected", "dormant", "lost", "closing")]  # fmt: skip


def stages(test):
    """Figures of the stages by their names."""
    found = re.findall(r'<span class="name">(.*?)<i.*?<b class="value">(.*?)</b>', html(test))
    return dict(found[-5:])


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [("zh", "2026年11月（未结束）", "2026年10月"), ("en", "Nov 2026 (still running)", "Oct 2026")],
)
def test_the_page_answers_in_both_languages(opened, language, first, second):
    fill()
    test = open_with(opened, language=language)
    assert not test.exception
    assert table(test).to_numpy().tolist() == [
        [first, "0", "40", "0", "0", "0", "0", "40", "40"],
        [second, "40", "0", "0", "0", "0", "0", "40", "40"],
    ]


def test_the_last_whole_period_is_shown_until_another_is_chosen(opened):
    fill()
    test = open_with(opened)
    assert flows(test) == [0, 40, 0, 0, 0, 40]
    assert "at" not in test.query_params
    test.selectbox(key="at").set_value("2026-11-01").run()
    assert flows(test) == [40, 0, 0, 0, 0, 40]
    assert test.query_params["at"] == "2026-11-01"


def test_a_link_reproduces_what_was_chosen(opened):
    fill()
    test = open_with(opened, lost_after="2", base="kept", at="2026-11-01", new_days="20", lost_days="60")
    assert [chosen(test, key) for key in ("each", "base")] == ["月", "未流失会员"]
    assert test.number_input(key="lost_after_month").value == 2
    assert [test.number_input(key=key).value for key in ("new_days", "lost_days")] == [20, 60]
    assert flows(test) == [40, 0, 0, 0, 0, 40]
    for key, value in (
        ("lost_after", "2"),
        ("base", "kept"),
        ("at", "2026-11-01"),
        ("new_days", "20"),
        ("lost_days", "60"),
    ):
        assert test.query_params[key] == value


def test_what_the_address_says_wrongly_is_left_aside(opened):
    fill()
    test = open_with(opened, each="year", lost_after="61", base="both", at="2020-01-01", new_days="-1")
    assert not test.exception
    assert test.number_input(key="lost_after_week").value == 12
    assert not {"each", "lost_after", "base", "at", "new_days"} & set(test.query_params)


def test_each_unit_keeps_its_own_silence(opened):
    fill()
    test = open_with(opened, each="week", lost_after="4")
    assert test.number_input(key="lost_after_week").value == 4
    go_to(test, choice(test, "月"))
    assert test.number_input(key="lost_after_month").value == 3
    assert "lost_after" not in test.query_params
    go_to(test, choice(test, "周"))
    assert test.query_params["lost_after"] == "4"


def test_in_weeks_members_fall_silent_and_come_back(opened):
    """October's orders are spread over its first 28 days; in the week of November 9 all forty look around."""
    fill()
    test = open_with(opened, each="week", lost_after="1", at="2026-11-09")
    rows = {row[0]: [int(cell) for cell in row[1:]] for row in table(test).to_numpy().tolist()}
    assert all(sum(row[:6]) == row[6] for row in rows.values())
    states = rows["2026年11月9日 – 11月15日"]
    assert (states[0], states[1], sum(states[1:4]), sum(states[4:6])) == (0, 0, 40, 0)
    opening, new, back, dormant, lost, closing = flows(test)
    assert opening + new + back - dormant - lost == closing == 40 and back > 0


def test_who_is_in_a_state_is_a_list_of_the_same_count_that_can_be_kept(opened):
    fill()
    test = open_with(opened)
    follow(test, "open-new")
    assert not test.exception
    words = said(test)
    assert "40 位会员" in words and "与数字完全一致" in words
    assert "2026年10月 · 新增（沉默 3 个月后算流失） · 2026年10月1日 – 2026年11月28日" in words
    assert [button.label for button in test.button if button.label == "存为人群"]


def test_nothing_leads_to_a_list_without_anybody(opened):
    fill()
    test = open_with(opened)
    assert way(test, "open-lost") == ("名单", None) and way(test, "flow-lost") == ("− 流失 0", None)
    assert way(test, "people-potential") == ("这 0 位会员", None)
    assert "move.active" not in html(test)


def test_every_move_is_a_cell_and_a_line_of_the_same_count(opened):
    """In the week of November 9 all forty come back, out of whatever they were."""
    fill()
    test = open_with(opened, each="week", lost_after="1", at="2026-11-09")
    cells = re.findall(r'<td title="([^"]*)"[^>]*><a href="([^"]*)" aria-label="[^"]*">(\d+)</a>', html(test))
    lines = re.findall(r'<li><a id="move-[^"]*" class="people" href="([^"]*)">(.*?)（(\d+)）</a>', html(test))
    assert cells and [(link, count) for _, link, count in cells] == [(link, count) for link, _, count in lines]
    assert all(said.startswith(f"{move} {count}") for (said, _, _), (_, move, count) in zip(cells, lines, strict=True))
    assert sum(int(count) for _, _, count in cells) == 40


def test_terms_of_the_identity_and_moves_open_their_people(opened):
    fill()
    test = open_with(opened, "manager", at="2026-11-01")
    follow(test, "flow-opening")
    assert not test.exception
    assert "2026年11月（未结束） · 在场会员 · 期初" in said(test) and "与数字完全一致" in said(test)
    follow(test, "move-new-returning")
    assert not test.exception
    assert "新增 → 首次回访" in said(test) and "40 位会员" in said(test)


def test_stages_say_goal_action_and_where_to_go_on(opened):
    fill()
    test = open_with(opened)
    assert [stages(test)[name] for name in ("潜在", "消费")] == ["0", "40"]
    words = said(test)
    assert "缩短复购周期" in words and "找到离开的原因" in words and "截至 2026年11月28日 的 40 位会员" in words
    links = " ".join(str(part.proto.body) for part in test.get("html"))
    assert "/retention?" in links and "r_start=order_placed" in links
    assert "/funnels?" in links and "step=product_view" in links
    follow(test, "people-buying")
    assert not test.exception
    assert "生命阶段 消费（2026年11月28日）" in said(test) and "与数字完全一致" in said(test)


def test_stages_that_contradict_each_other_are_refused_in_words(opened):
    fill()
    test = open_with(opened, new_days="91")
    assert not test.exception
    assert "新增天数应至少 1 天，且不大于流失天数" in said(test)
    assert flows(test) == [0, 40, 0, 0, 0, 40]


def test_an_executive_sees_figures_and_no_people(opened):
    fill()
    test = open_with(opened, "executive")
    assert not test.exception
    assert "您的角色不能查看会员名单" in said(test)
    assert "who=" not in html(test) and not re.search(r'<a id="(open|flow|move|people)-', html(test))


def test_a_link_to_people_opens_none_for_whoever_may_not_see_them(opened):
    fill()
    test = open_with(opened, "executive", who="state.new")
    assert not test.exception and "who" not in test.query_params
    assert "位会员** " not in said(test)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("text", ["state.happy", "flow.lost", "move.new.lost", "stage.potential", "nonsense"])
@pytest.mark.some(3)
def test_a_list_that_this_page_does_not_have_is_left_out_and_told(opened, text, language):
    fill()
    test = open_with(opened, language=language, who=text)
    assert not test.exception and "who" not in test.query_params
    name = {"zh": "名单", "en": "list of members"}[language]
    assert f"{name} “{text}”" in test.warning[0].value.replace("\\", "")


def test_links_to_people_lead_to_the_page_as_it_is(opened):
    fill()
    test = open_with(opened, "manager", at="2026-11-01", base="kept")
    test.number_input(key="new_days").set_value(20).run()
    assert parse_qs(way(test, "flow-closing")[1]) == {
        "period": ["all"], "each": ["month"], "at": ["2026-11-01"], "base": ["kept"], "new_days": ["20"], "who": ["flow.closing"],
    }  # fmt: skip


def test_nobody_outside_the_units_one_may_see_is_counted(opened):
    fill(units=True)
    test = open_with(opened, "manager", units=["east"])
    assert flows(test) == [0, 5, 0, 0, 0, 5]
    follow(test, "flow-closing")
    assert "5 位会员" in said(test) and "与数字完全一致" in said(test)


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有数据"), ("en", "No data yet")])
def test_an_empty_world_says_what_to_do(opened, language, words):
    test = opened("lifecycle", "manager", language)
    assert not test.exception
    assert words in said(test)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("2027-01-01", "2027-01-31"), "这个期间内还没有数据"),
        (("2020-01-01", "2020-01-31"), "这个期间内没有会员"),
        (("2025-01-01", "2026-11-28"), "期数太多"),
    ],
)
def test_a_period_without_an_answer_says_why(opened, days, words):
    fill()
    test = open_with(opened, each="day", period="custom", **dict(zip(("from", "to"), days, strict=True)))
    assert not test.exception
    assert words in said(test)


def test_the_contract_ties_the_page_to_the_overview(opened):
    fill()
    words = said(open_with(opened))
    assert "期初 + 新增 + 回流 − 转为沉默 − 流失 = 期末" in words
    assert "活跃会员 40 + 入会但还没有行为的 0 = 在场会员 40" in words


def test_what_a_link_says_that_cannot_be_read_is_told(opened):
    fill()
    test = open_with(opened, language="en", base="all", at="soon", lost_after="999999", new_days="x", lost_days="60")
    told = test.warning[0].value.replace("\\", "")
    assert not test.exception
    for part in ("base “all”", "period shown “soon”", "periods until lost “999999”", "days as a new member “x”"):
        assert part in told
    assert "60" not in told.replace("999999", "")


def test_another_unit_begins_at_its_own_last_period(opened):
    fill()
    test = open_with(opened, each="week")
    test.query_params["each"] = "day"
    test.run()
    alone = open_with(opened, "admin", each="day")
    assert test.session_state["at"] == alone.session_state["at"]
    assert "at" not in test.query_params
