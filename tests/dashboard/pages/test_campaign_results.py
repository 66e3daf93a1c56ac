"""Results of a campaign, through the frame: the verdict first, both sides, funnel, harm, people behind figures, and what is provisional."""

import re
from datetime import timedelta

import pytest

from core.campaigns.body import Content, Variant
from core.store import message_marks
from core.store.campaign_tables import Outgoing
from core.work.campaigns.outgoing import settling
from tests.dashboard.pages.campaigning import (
    TEXT,
    body,
    buy,
    came_to,
    counts,
    fill,
    home,
    html,
    now,
    page,
    segment,
    sending,
)
from tests.dashboard.pages.conftest import said

MOST = 242
"""Two of whom have not agreed."""
DAY = timedelta(days=1)


class World:
    """A campaign of twenty days ago, half of whose people are held out; everybody else got it."""

    def __init__(self, **values):
        fill(MOST)
        self.at = now() - 20 * DAY
        self.number = sending(body(segment(), holdout=0.5, **values), self.at)
        self.treated = came_to(self.number, *["delivered"] * counts(self.number)["planned"], at=self.at)
        assert settling.complete(home(), self.at + DAY) == 1

    @property
    def messages(self):
        with home().store.reading() as session:
            rows = session.query(Outgoing).filter_by(campaign_id=self.number).all()
            return {one.member_id: one for one in rows}

    @property
    def held(self):
        return [who for who, one in self.messages.items() if one.state == "holdout"]

    def bought(self, treated, held):
        """So many of each side order five days later; the data reaches to yesterday."""
        buy([*sorted(self.treated)[:treated], *sorted(self.held)[:held]], self.at + 5 * DAY)
        buy([MOST], now() - DAY)

    def clicked(self, who):
        rows = [{"message_id": self.messages[one].id, "campaign_id": self.number, "mark": "clicked", "at": self.at + DAY, "reason": None} for one in who]  # fmt: skip
        with home().store.transaction() as session:
            message_marks.mark_all(session, rows)


def row(test, table, name):
    """Cells of one row of a table, as they are read."""
    found = re.search(rf'id="{table}".*?</table>', html(test), re.S).group()
    for one in re.findall(r"<tr>(.*?)</tr>", found, re.S):
        cells = [re.sub("<.*?>", " ", cell).split() for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", one, re.S)]
        if cells[0][:1] == [name]:
            return cells[1:]
    raise AssertionError((name, found))


def verdict(test):
    return re.search(r'id="campaign-verdict"><b>(.*?)</b><p>(.*?)</p>', html(test), re.S).groups()


@pytest.mark.parametrize(("treated", "held", "name"), [(60, 10, "有效"), (10, 60, "有害"), (40, 40, "看不出差异")])
def test_what_it_brought_is_said_by_both_sides(opened, treated, held, name):
    world = World()
    world.bought(treated, held)
    test = page(opened, world.number)
    assert not test.exception
    told, sentence = verdict(test)
    sizes = len(world.treated), len(world.held)
    shares = [f"{treated / sizes[0]:.1%}", f"{held / sizes[1]:.1%}"]
    assert told == name and all(share in sentence for share in shares)
    assert html(test).index("campaign-verdict") < html(test).index("funnel-rows")
    assert "暂时结果" not in "".join(one.value for one in test.info)
    assert row(test, "funnel-rows", "已完成")[0] == [str(treated)]
    assert row(test, "funnel-rows", "已送达")[0] == [str(sizes[0])]


def test_while_windows_are_open_it_is_provisional(opened):
    world = World(window_days=60)
    world.bought(50, 20)
    test = page(opened, world.number)
    assert "暂时结果：最后一个观察窗口到" in test.info[0].value


def test_too_few_people_are_told_as_too_few(opened):
    fill()
    number = sending(body(segment(), holdout=0.3))
    test = page(opened, number, cp_view="results")
    assert not test.exception and verdict(test)[0] == "人数太少，无法判断"
    assert "—" not in verdict(test)[1]
    assert "消息可能还在发出" in test.info[0].value


def test_nobody_held_out_is_nobody_to_compare_with(opened):
    fill()
    test = page(opened, sending(body(segment())), cp_view="results")
    assert verdict(test)[0] == "没有对比对象"


def test_who_clicked_and_did_not_buy_leads_to_a_segment(opened):
    world = World()
    world.bought(20, 5)
    world.clicked(sorted(world.treated)[10:40])
    test = page(opened, world.number)
    assert "跟进：20 人点击了却没有完成" in said(test)  # thirty clicked, ten of them had bought
    assert row(test, "funnel-rows", "已点击")[0] == ["30"]
    test = page(opened, world.number, role="admin", who="brought/treated/clicked/!converted")
    assert not test.exception and "20 位会员" in said(test)
    assert [one.label for one in test.text_input if "人群" in one.label]


def test_variants_are_compared_with_everybody_held_out_and_with_each_other(opened):
    texts = tuple(Variant(name, 1, {"console": Content(TEXT)}) for name in ("A", "B"))
    world = World(variants=texts)
    world.bought(40, 10)
    test = page(opened, world.number)
    assert not test.exception
    of = {name: [one for one in world.treated if world.messages[one].variant == name] for name in ("A", "B")}
    for who in of.values():
        bought = len(set(who) & set(sorted(world.treated)[:40]))
        assert f"{bought} / {len(who)}" in html(test)
    assert re.search("版本 A与版本 B|版本 B减版本 A", said(test))


@pytest.mark.parametrize("role", ["executive", "analyst", "compliance"])
def test_who_reads_sees_results_and_only_who_may_takes_them_out(opened, role):
    world = World()
    world.bought(50, 20)
    test = page(opened, world.number, role=role)
    assert not test.exception and verdict(test)[0]
    downloads = [one for one in test.get("download_button") if "campaign_export" in str(one.proto.id)]
    assert len(downloads) == (0 if role == "executive" else 2)
    assert ("whose" in html(test)) == (role != "executive")


def test_in_english_the_results_are_english(opened):
    world = World()
    world.bought(60, 10)
    test = page(opened, world.number, language="en")
    assert verdict(test)[0] == "It worked" and "points" in verdict(test)[1]
