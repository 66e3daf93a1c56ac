"""留存 in a browser, on the public Online Retail orders: figures against a reading with pandas, people, links, segments."""

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from core.store import segments
from tests.e2e.browsing import CUT_OFF, TOO_WIDE, idle
from tests.e2e.published import file, online_retail

pytestmark = pytest.mark.browser

LINK = "/retention?period=all&r_unit=month"
ROWS = """() => [...document.querySelectorAll('.st-key-card_cohorts .heat tbody tr')]
    .map(row => [...row.children].map(cell => cell.textContent.trim()))"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return online_retail(tmp_path_factory.mktemp("online_retail"))


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """Orders of known customers with the month of each and of the customer's first, and the money of the order."""
    rows = pd.read_csv(file("online_retail/online_retail_all.csv.gz"), dtype={"CustomerID": str})
    rows = rows[
        (rows.UnitPrice >= 0) & (rows.Quantity >= 0) & ~rows.InvoiceNo.str.startswith("C") & rows.CustomerID.notna()
    ]
    rows = rows.assign(money=(rows.Quantity * rows.UnitPrice * 100).round(), at=pd.to_datetime(rows.InvoiceDate))
    found = rows.groupby("InvoiceNo").agg(who=("CustomerID", "max"), at=("at", "min"), money=("money", "sum"))
    found = found[found.money > 0].sort_values(["who", "at"])
    month = found["at"].dt.year * 12 + found["at"].dt.month
    first = month.groupby(found.who).transform("min")
    return found.assign(first=first, age=month - first, is_entry=~found.who.duplicated())


def table(page: Page) -> list[list[str]]:
    idle(page)
    expect(page.locator(".st-key-card_cohorts .heat")).to_be_visible()
    return page.evaluate(ROWS)


@pytest.mark.long
def test_first_purchase_to_later_purchase_is_what_pandas_counts(server, signed_in, orders):
    page = signed_in("executive")
    page.goto(f"{server.url}{LINK}")
    shown = table(page)
    sizes = orders[orders.is_entry].groupby("first").size()
    assert [int(row[1].replace(",", "")) for row in shown[1:]] == sizes.tolist()
    later = orders[~orders.is_entry].drop_duplicates(["who", "age"]).groupby(["first", "age"]).size()
    for row, (first, size) in zip(shown[1:], sizes.items(), strict=True):
        begun = [cell for cell in row[2:] if cell]
        assert begun == [f"{later.get((first, age), 0) / size:.1%}" for age in range(len(begun))]
    # The newest month is not over, so no cell that reaches into it is part of a mean.
    base = sizes.iloc[:11].sum()
    assert shown[0][3] == f"{later[later.index.get_level_values(1) == 1].iloc[:11].sum() / base:.1%}"
    assert "¥" not in "".join(shown[0])


def test_revenue_is_told_as_a_share_of_the_first_month(server, signed_in, orders):
    page = signed_in("analyst", "en")
    page.goto(f"{server.url}{LINK}")
    idle(page)
    page.get_by_role("link", name="Revenue", exact=True).click()
    expect(page).to_have_url(re.compile("r_measure=revenue"))
    expect(page.locator(".st-key-card_cohorts .heat")).to_contain_text("Base")
    money = orders.groupby(["first", "age"]).money.sum()
    first = money.index[0][0]
    row = table(page)[1]
    assert row[3:6] == ["100.0%", *[f"{money[first, age] / money[first, 0]:.1%}" for age in (1, 2)]]


@pytest.mark.parametrize(
    ("language", "back", "gone"), [("zh", "回来的", "没有回来的"), ("en", "Came back", "Did not come back")]
)
def test_a_question_is_chosen_shared_and_leads_to_people_and_a_segment(server, signed_in, orders, language, back, gone):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/retention?period=all")
    idle(page)
    page.get_by_role("link", name="月" if language == "zh" else "Month", exact=True).click()
    expect(page).to_have_url(re.compile("r_unit=month"))
    page.get_by_role("radio", name="自定义" if language == "zh" else "Custom").click()
    field = page.get_by_role("textbox", name=re.compile("划分点|Brackets"))
    field.fill("0,1,3")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"r_brackets=0(,|%2C)1(,|%2C)3"))
    expect(page.locator(".st-key-card_cohorts .heat thead")).to_contain_text("1–2")
    mine = table(page)

    page.evaluate("window.isTheSamePage = true")
    page.locator(".st-key-card_cohorts .heat tbody tr").nth(1).locator("td a").nth(2).click()
    dialog = page.get_by_role("dialog")
    first = orders["first"].min()
    cohort = orders[orders["first"] == first]
    came = cohort[~cohort.is_entry & cohort.age.isin([1, 2])].who.nunique()
    expect(dialog).to_contain_text(re.compile(rf"(?<!\d){came} (位会员|members)"))
    assert page.evaluate("window.isTheSamePage")
    expect(page).to_have_url(re.compile(r"r_people=2010-12-01\.1"))
    shared = page.url
    expect(dialog.get_by_role("radio", name=back, exact=True)).to_be_checked()
    dialog.get_by_role("radio", name=gone, exact=True).click()
    expect(dialog).to_contain_text(re.compile(rf"(?<!\d){cohort.who.nunique() - came} (位会员|members)"))
    dialog.get_by_label("人群名称" if language == "zh" else "Name of the segment").fill(f"gone {language}")
    dialog.get_by_role("button", name="存为人群" if language == "zh" else "Save as segment").click()
    expect(dialog).to_contain_text("已保存人群" if language == "zh" else "saved with")
    with server.store.reading() as session:
        kept = {one.name: one.member_count for one in segments.listed(session)}
    assert kept[f"gone {language}"] == cohort.who.nunique() - came
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("r_people"))

    other = signed_in("analyst", "en" if language == "zh" else "zh")
    other.goto(shared)
    expect(other.get_by_role("dialog")).to_contain_text(re.compile(rf"(?<!\d){came} (位会员|members)"))
    theirs = table(other)
    assert [row[1:] for row in theirs] == [row[1:] for row in mine]


def test_the_keyboard_stays_where_a_choice_was_made(server, signed_in):
    page = signed_in("analyst", "en")
    page.goto(f"{server.url}{LINK}")
    idle(page)
    page.get_by_role("link", name="Rolling", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#field-r_age [aria-current]")).to_have_text("Rolling")
    expect(page.get_by_role("link", name="Rolling", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#field-r_counting .help")).to_be_focused()


@pytest.mark.long
def test_the_whole_table_can_be_taken_out(server, signed_in, orders):
    page = signed_in("analyst", "en")
    page.goto(f"{server.url}{LINK}")
    shown = table(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Table as CSV").click()
    lines = Path(waiting.value.path()).read_bytes().decode("utf-8-sig").splitlines()
    assert lines[0].startswith(
        "Cohort from,Members,Interval from,Interval until (excluded),Came back,Retention,Complete,Revenue"
    )
    assert len(lines) - 1 == sum(bool(cell) for row in shown[1:] for cell in row[2:])


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("zh", "light", 390), ("en", "dark", 390), ("en", "light", 1440)]
)
@pytest.mark.long
def test_the_page_fits_its_width(server, signed_in, language, theme, width):
    page = signed_in("manager", language, theme, width=width, height=844)
    page.goto(f"{server.url}{LINK}")
    assert table(page)
    assert page.evaluate(TOO_WIDE) == 0
    assert page.evaluate(CUT_OFF) == []
