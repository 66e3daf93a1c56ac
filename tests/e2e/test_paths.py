"""路径 in a browser, on the public ecom events: asked, narrowed, opened as a funnel, drilled to people, shared."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.app import House
from core.settings import Settings
from core.work.questions import paths
from core.work.questions.reading import reading
from tests.e2e.browsing import CUT_OFF, idle
from tests.e2e.published import ecom

pytestmark = pytest.mark.browser

NODES = ".st-key-card_paths .path-nodes > a:not(.away)"
ACTS = ".st-key-card_paths > div > [data-testid=stHtml] > .path-acts"
LABELS = "links => links.map(link => [...link.querySelectorAll('b, small')].map(part => part.textContent))"
OUT_OF_PLACE = """links => links.filter(link => {
    const room = link.parentElement.getBoundingClientRect(), box = link.getBoundingClientRect()
    const figure = link.querySelector('small')
    return box.left < room.left || box.right > room.right + 1 || figure.scrollWidth > figure.clientWidth
}).map(link => link.textContent)"""
BESIDE_BARS = """plot => {
    const bars = [...plot.querySelectorAll('.sankey-node rect.node-rect')].map(bar => bar.getBoundingClientRect())
    return [...document.querySelectorAll('.path-nodes > a:not(.away)')].filter((link, place) => {
        const box = link.getBoundingClientRect(), bar = bars[place]
        return box.left > bar.left + 1 || box.right < bar.right || box.top > bar.top + 2 || box.bottom < bar.bottom - 2
    }).map(link => link.textContent)
}"""
"""Nodes whose link does not lie over their bar."""
BARS = "() => [...document.querySelectorAll('.st-key-card_funnel .bars li b')].map(count => count.textContent)"
SIDEWAYS = """() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth }"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ecom(tmp_path_factory.mktemp("ecom"))


def counted(home: Path, asked: paths.Asked) -> list[dict[str, int]]:
    """Members of every node, by column, without a browser."""
    with reading(House(Settings(home=home)).live) as lake:
        answer = paths.paths(lake, asked)
    return [{answer.name(node.code): node.members for node in column.nodes} for column in answer.columns]


def figures(page: Page) -> list[int]:
    """Members of all nodes of the picture, in its order."""
    idle(page)
    expect(page.locator(NODES).first).to_be_visible()
    return [int(re.sub(r"\D", "", figure.split("·")[0])) for _, figure in page.locator(NODES).evaluate_all(LABELS)]


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_a_start_is_chosen_a_node_left_out_and_the_path_opened_as_the_same_funnel(home, server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/paths?period=all")
    whole = counted(home, paths.Asked(("product_view",)))
    assert figures(page) == [members for column in whole for members in column.values()]
    choose(page, "起点事件", "加入购物车")
    expect(page).to_have_url(re.compile("anchor=add_to_cart"))
    first = counted(home, paths.Asked(("add_to_cart",)))
    expect(page.locator(".st-key-card_paths")).to_contain_text(f"{first[0]['add_to_cart']} 位会员")
    idle(page)
    gone = next(name for name in first[1] if not name.startswith("<"))
    page.locator(ACTS).locator(".hide").click()
    expect(page).to_have_url(re.compile(f"hide={gone}"))
    rest = counted(home, paths.Asked(("add_to_cart",), hidden=(gone,)))
    left = next(name for name in rest[1] if not name.startswith("<"))
    link = page.locator(".st-key-card_paths .path-way a").first
    expect(link).to_contain_text(f"（{rest[1][left]:,} ·")
    link.click()
    expect(page).to_have_url(re.compile("/funnels"))
    expect(page.locator(".st-key-card_funnel .bars li")).to_have_count(2)
    idle(page)
    assert page.evaluate(BARS) == [f"{rest[0]['add_to_cart']:,}", f"{rest[1][left]:,}"]


@pytest.mark.parametrize(
    ("language", "members", "save", "saved"),
    [("zh", "位会员", "存为人群", "已保存人群"), ("en", "members", "Save as segment", "saved with")],
)
def test_a_node_opens_its_people_who_become_a_segment(home, server, signed_in, language, members, save, saved):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/paths?period=all&anchor=cart&pause=none&depth=2")
    found = counted(home, paths.Asked(("cart",), depth=2, gap=None))
    idle(page)
    page.locator(ACTS).locator(".people").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{next(iter(found[1].values())):,} {members}")
    dialog.get_by_role("textbox").first.fill(f"cart {language}")
    dialog.get_by_role("button", name=save).click()
    expect(dialog).to_contain_text(saved)


def test_an_address_gives_the_same_figures_to_somebody_else(server, signed_in):
    page = signed_in("analyst")
    page.goto(f"{server.url}/paths?period=all&anchor=purchase&way=before&depth=3&pause=2h")
    before = figures(page)
    choose(page, "步数", "4")
    expect(page).to_have_url(re.compile("depth=4"))
    expect(page.locator(".st-key-card_paths")).to_contain_text("前第 4 步")
    shown = figures(page)
    assert shown[: len(before)] == before and len(shown) > len(before)
    other = signed_in("executive", "en")
    other.goto(page.url)
    assert figures(other) == shown
    expect(other.get_by_role("combobox", name="Start event")).to_have_value(re.compile("."))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.long
def test_words_fit_into_the_picture(server, signed_in, language, theme):
    page = signed_in("manager", language, theme)
    page.goto(f"{server.url}/paths?period=all")
    assert figures(page)
    assert page.evaluate(CUT_OFF) == []
    assert page.locator(NODES).evaluate_all(OUT_OF_PLACE) == []


@pytest.mark.parametrize("query", ["", "&way=before&depth=10&top=12&pause=none"])
@pytest.mark.long
def test_the_links_of_nodes_lie_over_their_bars(server, signed_in, query):
    page = signed_in("manager")
    page.goto(f"{server.url}/paths?period=all{query}")
    assert figures(page)
    expect(page.locator(".st-key-card_paths .sankey-node")).to_have_count(page.locator(NODES).count())
    assert page.locator(".st-key-card_paths .js-plotly-plot").evaluate(BESIDE_BARS) == []


@pytest.mark.parametrize(
    ("language", "step", "start", "theme"),
    [("zh", "第 1 步", "设为起点", "light"), ("en", "Step 1", "Set as start", "dark")],
)
def test_a_click_on_a_node_opens_its_menu_which_starts_there(home, server, signed_in, language, step, start, theme):
    page = signed_in("manager", language, theme)
    page.goto(f"{server.url}/paths?period=all&depth=3")
    whole = counted(home, paths.Asked(("product_view",), depth=3))
    shown = figures(page)
    place, name = next((place, name) for place, name in enumerate(whole[1], 1) if not name.startswith("<"))
    bar = page.locator(NODES).nth(place).bounding_box()
    page.mouse.click(bar["x"] + 5, bar["y"] + bar["height"] / 2)
    menu = page.locator(".path-nodes .menu")
    expect(menu).to_contain_text(step)
    expect(menu).to_contain_text(f"{whole[1][name]:,} ·")
    assert page.evaluate(SIDEWAYS) == 0
    picture, box = page.locator(".path-nodes").bounding_box(), menu.bounding_box()
    assert box["y"] >= picture["y"] and box["y"] + box["height"] <= picture["y"] + picture["height"]
    assert box["x"] >= picture["x"] and box["x"] + box["width"] <= picture["x"] + picture["width"]
    page.locator(".path-nodes .away").click(position={"x": 4, "y": 4})
    expect(menu).to_have_count(0)
    idle(page)
    assert figures(page) == shown
    page.locator(NODES).nth(place).click()
    menu.get_by_text(start).click()
    expect(page).to_have_url(re.compile(f"anchor={name}"))
    first = counted(home, paths.Asked((name,), depth=3))
    expect(page.locator(".st-key-card_paths")).to_contain_text(f"{first[0][name]:,}")
    expect(menu).to_have_count(0)


@pytest.mark.parametrize(("language", "theme"), [("zh", "dark"), ("en", "light")])
@pytest.mark.long
def test_on_a_phone_the_menu_opens_in_the_list(home, server, signed_in, language, theme):
    page = signed_in("manager", language, theme, width=390, height=844)
    page.goto(f"{server.url}/paths?period=all&depth=2")
    idle(page)
    found = counted(home, paths.Asked(("product_view",), depth=2))
    page.locator(".path-lists section").nth(1).locator("li a").first.click()
    menu = page.locator(".path-lists li.menu")
    expect(menu).to_be_visible()
    expect(page.locator(".path-nodes .menu")).not_to_be_visible()
    assert page.evaluate(SIDEWAYS) == 0
    menu.locator(".people").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{next(iter(found[1].values())):,}")


@pytest.mark.long
def test_a_phone_shows_a_list_per_column_and_no_scrolling_sideways(home, server, signed_in):
    page = signed_in("manager", width=390, height=844)
    page.goto(f"{server.url}/paths?period=all&depth=2")
    idle(page)
    lists = page.locator(".path-lists section")
    expect(lists).to_have_count(3)
    expect(lists.first).to_be_visible()
    expect(page.locator(".st-key-card_paths .js-plotly-plot")).not_to_be_visible()
    shown = [int(re.sub(r"\D", "", text.split("·")[0])) for text in page.locator(".path-lists li b").all_inner_texts()]
    found = counted(home, paths.Asked(("product_view",), depth=2))
    assert shown == [members for column in found for members in column.values()]
    assert page.evaluate(SIDEWAYS) == 0


def test_the_keyboard_reaches_everything_that_can_be_done(server, signed_in):
    page = signed_in("manager", "en")
    page.goto(f"{server.url}/paths?period=all")
    assert figures(page)
    wanted = {"Set as start", "Exclude", "Definition", "Table"}
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        words = page.evaluate("() => (document.activeElement.innerText || '').split('\\n').map(line => line.trim())")
        reached |= set(words)
    assert wanted - reached == set()
    assert any(word.startswith("Open as funnel") for word in reached)
    assert any(word.startswith("List members") for word in reached)
