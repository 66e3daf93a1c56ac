"""流量预测 in a browser: tune, see the backtest change, save a scenario, publish; a short history; a phone in the dark."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.app import House
from core.settings import Settings
from core.work import forecasts
from core.work.fitting import Fitter
from core.work.home import Home
from core.work.worker import Worker
from tests import lakes
from tests.e2e.browsing import TOO_WIDE, idle

pytestmark = pytest.mark.browser

SMALL = "tests.core.work.small_fit:fit"
FIRST, DAYS, SHORT = date(2026, 8, 3), 84, 20
WORDS = {
    "zh": {
        "prior": "趋势灵活度", "apply": "试算", "worse": "更差：MASE 0.80 → 1.25", "name": "名称", "save": "存为情景",
        "saved": "已存为情景", "publish": "发布预测", "published": "已发布，编号", "diary": "预测日记", "promised": "承诺 80% / 95%",
        "short": "历史太短，不能预测", "days": "只有 20 天可供学习",
    },
    "en": {
        "prior": "Changepoint prior", "apply": "Try it", "worse": "Worse: MASE 0.80 → 1.25", "name": "Name", "save": "Save as scenario",
        "saved": "Saved as scenario", "publish": "Publish", "published": "Published as number", "diary": "Diary",
        "promised": "Promised: 80% / 95%", "short": "Too little history to forecast", "days": "Only 20 days",
    },
}  # fmt: skip


def fill(world: Home) -> None:
    """Monday 2 orders, Tuesday 3 … Sunday 8; on the last 20 days a visit each as well."""
    orders, events = [], []
    for day in range(DAYS):
        on = FIRST + timedelta(days=day)
        orders += [
            lakes.sale(1 + n, f"{on}T04:0{n}", f"o{day}-{n}", 10, channel="web") for n in range(2 + on.weekday())
        ]
        if day >= DAYS - SHORT:
            events.append(lakes.event(1, f"{on}T04:00", "page_view", channel="web"))
    lakes.add(world, 1, order_lines=orders, events=events)


@pytest.fixture(scope="module")
def worker(server, home: Path, tmp_path_factory) -> Iterator[None]:
    """Fits what is asked for, by a fit that is small; as the worker's own process does."""
    house = House(Settings(home=home))
    fitter, stop = Fitter(tmp_path_factory.mktemp("fits"), SMALL), threading.Event()
    does = {forecasts.KIND: lambda work: forecasts.run(house.live, fitter, work)}
    one = Worker(house.live.store, does, [], lambda: datetime.now(UTC), lambda _text: None)
    running = threading.Thread(target=one.run, args=(stop,))
    running.start()
    yield
    stop.set()
    running.join()
    fitter.close()
    house.live.store.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_tuned_seen_in_the_backtest_saved_and_published(server, worker, signed_in, language):
    words = WORDS[language]
    page = signed_in("analyst", language)
    page.goto(f"{server.url}/forecast?part=tuning")
    prior = page.get_by_role("spinbutton", name=words["prior"])
    expect(prior).to_have_value("0.050")
    idle(page)
    prior.fill("0.5")
    prior.press("Tab")
    page.get_by_role("button", name=words["apply"]).click()
    expect(page.get_by_text(words["worse"])).to_be_visible()
    assert "fc_spec" in page.url
    idle(page)
    name = page.locator(".st-key-scenario_saving").get_by_role("textbox")
    name.fill(f"flexible {language}")
    name.press("Tab")
    idle(page)
    page.get_by_role("button", name=words["save"]).click()
    expect(page.get_by_text(words["saved"])).to_be_visible()
    idle(page)
    page.get_by_role("button", name=words["publish"]).click()
    expect(page.get_by_text(words["published"])).to_be_visible()
    page.get_by_role("link", name=words["diary"], exact=True).click()
    expect(page.locator("#tile-live-cover")).to_contain_text(words["promised"])
    idle(page)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_twenty_days_are_refused_with_a_sentence(server, worker, signed_in, language):
    page = signed_in("manager", language)
    page.goto(f"{server.url}/forecast?fc_measure=traffic")
    expect(page.get_by_text(WORDS[language]["short"])).to_be_visible()
    idle(page)
    expect(page.get_by_text(WORDS[language]["days"])).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), [("dark", 390), ("light", 390)])
def test_every_part_fits_a_phone(server, worker, signed_in, theme, width):
    page = signed_in("analyst", "zh", theme, width=width, height=844)
    for part in ("forecast", "tuning", "diary", "strategy", "calendar"):
        page.goto(f"{server.url}/forecast?part={part}")
        idle(page)
        if part == "forecast":
            expect(page.locator("#tile-mase .value")).to_have_text("0.80")
        assert page.evaluate(TOO_WIDE) == 0, part
