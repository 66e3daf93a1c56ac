"""经营总览 in a browser, on the public Online Retail orders: the published figures stand on the page, to the last digit."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.store import segments
from core.store.tables import AuditEntry
from tests.e2e.browsing import CUT_OFF, idle
from tests.e2e.published import online_retail

pytestmark = pytest.mark.browser


PUBLISHED = {
    "gross_revenue": "¥8,911,407.90",
    "net_revenue": "¥8,300,065.81",
    "orders": "18,532",
    "buyers": "4,338",
    "aov": "¥480.87",
    "repeat_purchase_share": "65.58%",
    "members": "4,372",
    "anonymous_revenue": "¥1,755,276.64",
    "anonymous_orders": "1,428",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return online_retail(tmp_path_factory.mktemp("online_retail"))


def contract(page: Page, name: str):
    """Open the contract of a figure."""
    page.locator(f"#kpi-{name}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(re.compile(f"contract={name}"))
    return dialog


def test_the_published_figures_are_on_the_page(server, signed_in):
    page = signed_in("executive")
    page.goto(f"{server.url}/overview?period=all")
    idle(page)
    for name, value in PUBLISHED.items():
        page.locator(".choice").get_by_role("link", name="连接" if name == "members" else "转化").click()
        idle(page)
        dialog = contract(page, name)
        expect(dialog.get_by_test_id("stMetricValue")).to_have_text(value)
        expect(dialog).to_contain_text("2011-12-09 12:50")
        expect(dialog).not_to_contain_text("查看背后的会员")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page).not_to_have_url(re.compile("contract="))


def test_a_contract_is_opened_by_the_keyboard_and_by_its_address_and_leaves_the_page_as_it_was(server, signed_in):
    page = signed_in("analyst")
    page.goto(f"{server.url}/overview?period=all&contract=orders")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_test_id("stMetricValue")).to_have_text("18,532")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("contract="))
    page.evaluate("window.stays = true")
    page.locator("#kpi-buyers").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_test_id("stMetricValue")).to_have_text("4,338")
    expect(page).to_have_url(re.compile("period=all&contract=buyers"))
    assert page.evaluate("window.stays")


def test_the_people_behind_buyers_are_as_many_and_can_be_taken_out_and_kept(server, signed_in):
    page = signed_in("analyst")
    page.goto(f"{server.url}/overview?period=all")
    idle(page)
    dialog = contract(page, "buyers")
    dialog.get_by_text("查看背后的会员").click()
    expect(dialog).to_contain_text("4,338 位会员")
    expect(dialog).to_contain_text("与数字完全一致")
    expect(dialog.get_by_role("button", name="搜索：会员列表")).to_have_count(1)
    expect(dialog.get_by_role("button", name=re.compile("下载为 CSV|Download as CSV"))).to_have_count(0)
    export = dialog.get_by_role("button", name=re.compile("导出 CSV"))
    with page.expect_download() as waiting:
        export.click()
    expect(export).to_be_focused()  # it was out of use while the file was made
    lines = Path(waiting.value.path()).read_bytes().decode("utf-8-sig").splitlines()
    assert len(lines) == 4339
    assert sum(int(line.split(",")[2]) for line in lines[1:]) == 18532
    dialog.get_by_label("人群名称").fill("全部买家")
    dialog.get_by_role("button", name="存为人群").click()
    expect(dialog).to_contain_text("已保存人群")
    with server.store.reading() as session:
        assert [(kept.name, kept.member_count) for kept in segments.listed(session)] == [("全部买家", 4338)]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "people.exported")).one()
        assert entry.details["rows"] == 4338
    with page.expect_download():
        export.press("Enter")
    expect(export).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_change_is_told_apart_and_the_choice_is_in_the_address(server, signed_in):
    page = signed_in("manager", "en")
    page.goto(f"{server.url}/overview?period=last_month")
    idle(page)
    expect(page.get_by_text("What moved it")).to_be_visible()
    expect(page.locator(".st-key-card_trend .js-plotly-plot")).to_have_count(2)
    page.get_by_role("navigation", name="Figure in the chart").get_by_role("link", name="Active members").click()
    expect(page).to_have_url(re.compile("chart=active_members"))
    expect(page.locator(".st-key-card_trend")).to_contain_text("Came back")
    page.reload()
    idle(page)
    expect(page.locator(".choice a[aria-current]").get_by_text("Active members")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("zh", "light", 390), ("en", "dark", 390), ("en", "light", 1440)]
)
@pytest.mark.long
def test_the_page_fits_its_width(server, signed_in, language, theme, width):
    page = signed_in("manager", language, theme, width=width, height=844)
    page.goto(f"{server.url}/overview?period=90")
    idle(page)
    expect(page.locator(".kpis a").first).to_be_visible()
    wide = page.evaluate(
        "(() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollWidth - m.clientWidth })()"
    )
    assert wide == 0
    assert page.evaluate(CUT_OFF) == []


def test_a_period_that_nobody_touched_is_the_same_on_the_next_page(server, signed_in):
    page = signed_in("analyst")
    for query, kept in (("", ""), ("?period=90", "?period=90"), ("?period=custom&from=2011-01-01&to=2011-01-31",) * 2):
        page.goto(f"{server.url}/overview{query}")
        idle(page)
        for name, address in (("漏斗", "funnels"), ("经营总览", "overview"), ("留存", "retention")):
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
            expect(page).to_have_url(re.compile(f"/{address}"))
            expect(page.get_by_role("heading", name=name).first).to_be_visible()
            idle(page)
            page.wait_for_timeout(300)
            given = dict(parse_qsl(urlsplit(page.url).query))
            wanted = dict(parse_qsl(kept.removeprefix("?")))
            assert {key: given.get(key) for key in ("period", "from", "to")} == {
                key: wanted.get(key) for key in ("period", "from", "to")
            }, (query, address)


@pytest.mark.long
def test_back_and_forward_show_what_the_address_said(server, signed_in):
    page = signed_in("analyst")
    page.goto(f"{server.url}/retention")
    idle(page)
    row = page.locator("#field-r_unit")

    def chosen(unit: str) -> None:
        expect(row.locator("a[aria-current]")).to_have_attribute("href", re.compile(f"r_unit={unit}"))

    chosen("week")
    for unit in ("day", "month"):
        row.locator(f'a[href*="r_unit={unit}"]').click()
        expect(page).to_have_url(re.compile(f"r_unit={unit}"))
        chosen(unit)
        idle(page)
    page.go_back()
    chosen("day")
    idle(page)
    page.go_back()
    chosen("week")
    expect(page).not_to_have_url(re.compile("r_unit"))
    idle(page)
    page.go_forward()
    chosen("day")
    idle(page)
    page.go_forward()
    chosen("month")


def test_back_takes_a_period_back_that_was_picked_from_the_list(server, signed_in):
    page = signed_in("analyst")
    page.goto(f"{server.url}/overview")
    idle(page)
    field = page.locator(".st-key-period")
    for name, said in (("近 7 天", "7"), ("近 90 天", "90")):
        field.get_by_role("combobox").click()
        page.get_by_role("option", name=name).click()
        expect(page).to_have_url(re.compile(f"period={said}$"))
        idle(page)
    page.go_back()
    expect(page).to_have_url(re.compile("period=7$"))
    expect(field.get_by_role("combobox")).to_have_value("近 7 天")
    idle(page)
    page.go_back()
    expect(page).to_have_url(f"{server.url}/overview")
    expect(field.get_by_role("combobox")).to_have_value("近 28 天")
