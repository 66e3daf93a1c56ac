"""Pictures of every page in both languages, both themes and two widths, for looking at: ``make pictures``.

On a demo brand of its own in ``.make/pictures/home``. What a page complained of on its console is printed, and is the exit code.
"""

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.app import House
from core.settings import PROJECT, Settings
from dashboard import i18n
from dashboard.widgets.segments import links
from tests.e2e.browsing import CHROMIUM, CHROMIUM_SWITCHES, Console, Server, idle, new_context, serving, working

OUT = PROJECT / ".make" / "pictures"
SIZES = {1440: 900, 390: 844}
TALLEST = 6000
SETTLED_MS, FIT_MS = 700, 120_000
"""Charts and tables are drawn on after the script has ended, which no attribute tells."""
ORDERS = "订单号,下单时间,实付金额,手机号,备注\n" + "".join(
    f"SO{n},2026-11-01 10:{n:02d}:00,{n}.50,138000000{n:02d},\n" for n in range(20)
)
Act = Callable[[Page], object]


def tab(place: int) -> Act:
    return lambda page: page.get_by_role("tab").nth(place).click()


def press(key: str) -> Act:
    """Click the button in the container or widget of this key. One with a hint is there twice, for narrow pages and for wide ones."""
    return lambda page: page.locator(f".st-key-{key} button:visible").first.click()


def unfold(key: str) -> Act:
    return lambda page: page.locator(f".st-key-{key} summary").click()


def upload(page: Page) -> None:
    file = {"name": "十一月订单.csv", "mimeType": "text/csv", "buffer": ORDERS.encode("gb18030")}
    page.locator("input[type=file]").set_input_files(file)
    page.locator(".st-key-card_preview table, .st-key-card_preview canvas").first.wait_for()


def find_member(page: Page) -> None:
    tab(1)(page)
    press("open_member")(page)
    page.locator(".st-key-card_member").wait_for()


def somebody(look: str) -> Act:
    """The page of the member with most coupons among those who were brought or brought somebody."""

    def act(page: Page) -> None:
        with House(Settings(home=OUT / "home")).demo.lake.open() as snapshot:
            offers, people = snapshot.table("offer_events"), snapshot.member_map()
            owned = offers.inner_join(people, "identity_key").semi_join(snapshot.table("referrals"), "identity_key")
            counted = owned.group_by("member_id").aggregate(coupons=owned.count())
            rows = snapshot.arrow(counted.order_by([counted.coupons.desc(), counted.member_id]).limit(1))
        page.goto(f"{page.url.partition('?')[0]}?m={rows['member_id'][0]}&look={look}")

    return act


def press_cell(page: Page) -> None:
    page.locator(".heat tbody tr:nth-child(3) td:nth-child(4) a").click()
    page.get_by_role("dialog").wait_for()


def unfold_paths(page: Page) -> None:
    for key in ("path_more", "path_table"):
        page.locator(f".st-key-{key} summary").click()
        idle(page)
    page.locator(".path-rules summary").click()


def save_segment(page: Page) -> None:
    """Under a name of its own: every combination of language, theme and width saves one."""
    page.locator(".st-key-sg_save button").first.click()
    page.locator(".st-key-sg_save_name input").fill(f"高价值将流失 {secrets.token_hex(2)}")
    page.keyboard.press("Tab")
    idle(page)
    page.locator(".st-key-sg_save_new button").click()
    page.locator(".st-key-card_sg_one").wait_for()


def check_list(page: Page) -> None:
    page.locator(".st-key-li_text textarea").fill("1\n2\n2\nM-000000\n13800000000\n")
    page.keyboard.press("Tab")
    idle(page)
    press("li_check")(page)
    page.locator(".st-key-card_li_found").wait_for()


def fitted(page: Page) -> None:
    """Of a page that asks the worker for a fit."""
    expect(page.locator("[class*=st-key-card_fit_]")).to_have_count(0, timeout=FIT_MS)


BRACKETS = links.packed(
    {"v": 1, "where": {"all": [
        {"profile": "gender", "op": "is", "values": ["f"]},
        {"any": [
            {"event": ["order_placed"], "measure": "amount", "op": "at_least", "values": [200], "window": {"days": 90}, "where": []},
            {"value": "orders", "op": "between", "values": [2, 9]},
        ]},
        {"not": {"any": [{"profile": "city", "op": "is", "values": ["上海", "北京"]}, {"rfm": ["low_retain"]}]}},
    ]}}
)  # fmt: skip
TUNED = quote(
    '{"holidays":false,"training_days":365,"what_ifs":[{"name":"直播","start_on":"2026-12-01","days":3,"uplift_share":0.4}]}'
)
REPURCHASE = "r_start=order_placed&r_back=order_placed"
RULES = (
    "step=product_view&step=add_to_cart|favorite&step=order_placed&if=1:channel=mini_program,app&if=3:amount>100"
    "&step_within=2d&exclude=group_leave:1-2&by=channel&look=time"
)
TOUCH = "step=touch_sent&step=touch_clicked&step=add_to_cart&step=order_placed&step=order_placed"
VIEWS: dict[str, tuple[str, Act | None]] = {
    "today": ("", None),
    "overview": ("overview", None),
    "overview_contract": ("overview?contract=net_revenue", None),
    "community": ("community", None),
    "community_group": ("community?period=90", lambda page: page.locator(".urgent a").first.click()),
    "community_health": ("community", lambda page: page.locator("details.parts summary").first.click()),
    "community_owners": ("community?per=owner&people=all.joined", None),
    "community_rules": ("community?per=unit", press("community_contract")),
    "care": ("community?part=care&period=90", None),
    "care_one": ("community?part=care&period=90", lambda page: page.locator(".pills a").first.click()),
    "care_people": ("community?part=care&ca_per=unit&ca_people=all.unsolved", None),
    "activities": ("community?part=activities&period=90&ac_of=A098", None),
    "activities_people": ("community?part=activities&period=90&ac_kind=vote&ac_people=all.absent", None),
    "history": ("community?part=history&period=90", None),
    "surveys": ("community?part=surveys&period=90", None),
    "surveys_one": (
        "community?part=surveys&su_kind=satisfaction&period=364&su_each=month&su_per=channel&su_of=wecom",
        None,
    ),
    "surveys_complaints": ("community?part=surveys&su_kind=complaint&period=90", None),
    "content": ("content?period=90", None),
    "content_topics": ("content?period=90&content_by=topic&piece=茶知识", None),
    "content_piece": ("content?period=90&piece=C120", None),
    "content_fatigue": ("content?period=all&part=fatigue", None),
    "content_live": ("content?period=90&part=live", None),
    "content_matching": ("content?part=matching", None),
    "content_people": ("content?period=90&who=all.buyers", None),
    "content_rules": ("content?period=90", press("content_contract")),
    "channels": ("channels?period=90", None),
    "channels_one": ("channels?period=90&of_channel=wecom", None),
    "channels_hours": ("channels?period=all&part=hours", None),
    "channels_overlap": ("channels?period=28&part=overlap", None),
    "channels_people": ("channels?part=overlap&who=wecom.alone", None),
    "membership": ("value?part=membership", None),
    "membership_imported": ("value?part=membership&ms_by=imported&period=90", None),
    "membership_rules": ("value?part=membership", press("membership_contract")),
    "membership_terms": ("value?part=membership", press("ms_terms")),
    "membership_people": ("value?part=membership&who=fall.60.all", None),
    "scores": ("scores", None),
    "scores_conversion": ("scores?sc_target=conversion&sc_days=30", None),
    "scores_rules": ("scores", press("scores_contract")),
    "scores_people": ("scores?who=tenth.1", None),
    "scores_causes": ("scores?part=causes", None),
    "scores_quality": ("scores?part=quality", None),
    "scores_models": ("scores?part=models", None),
    "rfm": ("value", None),
    "rfm_rules": ("value", press("rfm_contract")),
    "rfm_fixed": ("value?period=90&rfm_method=fixed&rfm_days=45&rfm_moves=tier", None),
    "rfm_people": ("value?who=move.class.low_develop.low_retain", None),
    "ltv": ("value?part=ltv", None),
    "ltv_rules": ("value?part=ltv", press("ltv_contract")),
    "ltv_margin": ("value?part=ltv&ltv_days=90&ltv_margin=45&ltv_channel=wecom", None),
    "ltv_people": ("value?part=ltv&who=tenth.0", None),
    "voices": ("community?part=voices", None),
    "voices_group": (
        "community?part=voices&period=90",
        lambda page: page.locator(".st-key-card_voices_rows .pills a").first.click(),
    ),
    "voices_people": ("community?part=voices&vo_people=all.kocs", None),
    "topics": ("community?part=topics&to_words=龙井,红茶", None),
    "topics_group": ("community?part=topics&to_of=G02&to_vs=others&period=90", None),
    "topics_about": ("community?part=topics&to_look=topics", None),
    "topics_rules": ("community?part=topics", press("topics_contract")),
    "sensitive": ("community?part=sensitive&period=90&se_hits=member.escalation", None),
    "sensitive_rules": ("community?part=sensitive", press("sensitive_contract")),
    "voices_rules": ("community?part=voices", press("voices_contract")),
    "community_rhythm": ("community?part=rhythm&period=90", None),
    "community_rhythm_one": (
        "community?part=rhythm&period=90",
        lambda page: page.locator(".st-key-card_sends .pills a").first.click(),
    ),
    "community_rhythm_people": ("community?part=rhythm&rh_by=owner&rh_people=all.left", None),
    "community_rhythm_rules": ("community?part=rhythm&rh_by=owner", press("rhythm_contract")),
    "forecast_calendar": ("forecast?part=calendar", None),
    "forecast_calendar_change": ("forecast?part=calendar&cal_when=past", press("cal_change")),
    "value_clusters": ("value?part=clusters", None),
    "value_clusters_k": ("value?part=clusters&cl_k=3", None),
    "value_clusters_people": ("value?part=clusters&who=1", None),
    "value_clusters_rules": ("value?part=clusters", press("clusters_contract")),
    "funnels": ("funnels?by=channel", None),
    "funnels_people": ("funnels?people=1", None),
    "funnels_step": ("funnels?if=1:channel=app&step=product_view&step=order_placed", press("more_1")),
    "funnels_more": ("funnels?exclude=group_leave:1-2&step=product_view&step=order_placed", unfold("funnel_more")),
    "funnels_rules": (f"funnels?{RULES}", press("funnel_contract")),
    "funnels_versus": ("funnels?look=versus", None),
    "funnels_touch": (f"funnels?period=90&within=90d&{TOUCH}", None),
    "retention": ("retention?period=90&r_by=channel", None),
    "retention_money": (f"retention?period=364&r_unit=month&r_measure=revenue&{REPURCHASE}", None),
    "retention_days": (f"retention?period=28&r_unit=day&r_brackets=0,1,3,7,14,30&{REPURCHASE}", None),
    "retention_people": ("retention?period=90", press_cell),
    "paths": ("paths?period=90", None),
    "paths_before": ("paths?period=90&anchor=order_placed&way=before&pause=1d&hide=page_view", None),
    "paths_deep": ("paths?period=90&depth=10&top=12&pause=none&end=order_placed", None),
    "paths_node": ("paths?period=90&node=1:add_to_cart", None),
    "paths_people": ("paths?period=90&who=1:add_to_cart", None),
    "paths_folded": ("paths?period=90", unfold_paths),
    "lifecycle": ("lifecycle?period=90", None),
    "lifecycle_month": ("lifecycle?period=364&each=month&base=kept", None),
    "lifecycle_people": ("lifecycle?period=90&who=flow.dormant", None),
    "segments": ("segments", None),
    "segments_build": (f"segments?part=build&d={BRACKETS}", None),
    "segments_empty": ("segments?part=build", None),
    "segments_people": (f"segments?part=build&d={BRACKETS}&sg_who=fit", None),
    "segments_saved": (f"segments?part=build&d={BRACKETS}", save_segment),
    "segments_overlap": ("segments?part=overlap", None),
    "segments_tags": ("segments?part=tags", None),
    "segments_import": ("segments?part=import", check_list),
    "sources": ("sources", None),
    "sources_mapping": ("sources", upload),
    "sources_log": ("sources", tab(1)),
    "sources_quality": ("sources", tab(2)),
    "member": ("member", somebody("stream")),
    "member_start": ("member", None),
    "member_orders": ("member", somebody("orders")),
    "member_groups": ("member", somebody("groups")),
    "member_touches": ("member", somebody("touches")),
    "member_marks": ("member", somebody("marks")),
    "member_standing": ("member", somebody("standing")),
    "member_reach": ("member", somebody("reach")),
    "member_evidence": ("member", somebody("evidence")),
    "identity": ("identity", None),
    "identity_member": ("identity", find_member),
    "identity_largest": ("identity", tab(1)),
    "identity_left_out": ("identity", tab(2)),
    "identity_decisions": ("identity", tab(3)),
    "identity_rules": ("identity", tab(4)),
    "catalog": ("catalog", None),
    "accounts": ("accounts", None),
    "accounts_new": ("accounts", press("new_account")),
    "accounts_sessions": ("accounts", tab(1)),
    "accounts_audit": ("accounts", tab(2)),
    "password": ("account/password", None),
    "login": ("account/login", None),
    "incidents": ("incidents", None),
    "incidents_new": ("incidents", press("inc_new")),
    "risk": ("risk", None),
    "risk_warning": ("risk?wa_state=all", lambda page: page.locator("#warning-rows tbody th a").first.click()),
    "risk_matrix": ("risk?part=matrix", lambda page: page.locator(".matrix td a").first.click()),
    "bell": ("overview", press("bell_box")),
    "risk_register": (
        "risk?part=register",
        lambda page: page.locator(".st-key-rg_adopt button, #register-table").first.click(),
    ),
    "risk_register_add": ("risk?part=register", press("rg_add")),
    "risk_drills": ("risk?part=drills", press("dr_plan")),
    "risk_readings": ("risk?part=readings", press("rd_put")),
    "risk_situations": ("risk?part=situations", press("si_declare")),
    "risk_rules": ("risk?part=rules", None),
    "risk_rule": ("risk?part=rules&rule=visits_day", None),
    "risk_rule_new": ("risk?part=rules&rule=new", None),
    "notices": ("notices", press("target_add")),
    "connectors": ("connectors", press("connector_add")),
    "forecast": ("forecast", None),
    "forecast_parts": ("forecast?fc_by=channel", None),
    "forecast_all": ("forecast?fc_models=all", fitted),
    "forecast_tuned": (f"forecast?part=tuning&fc_spec={TUNED}", fitted),
    "forecast_tuning": ("forecast?part=tuning", None),
    "forecast_diary": ("forecast?part=diary", None),
    "forecast_strategy": ("forecast?part=strategy", None),
}


def take(
    server: Server, browser: Browser, names: list[str], language: i18n.Language, theme: str, width: int
) -> list[str]:
    """Pictures of the views in one combination, each as tall as its page. Returns what the console said."""
    locale = "zh-CN" if language == "zh" else "en-US"
    console = Console()
    context = new_context(browser, theme=theme, width=width, height=SIZES[width], locale=locale)
    context.on("page", console.listen)
    account = server.account("admin", language=language)
    server.change(account, display_name=i18n.text(language, "role.admin"))
    token = server.token(account)
    for name in names:
        address, act = VIEWS[name]
        context.clear_cookies()
        context.add_cookies([{"name": "siyu_language", "value": language, "url": server.url}])
        if name != "login":
            context.add_cookies([{"name": "siyu_session", "value": token, "url": server.url}])
        page = context.new_page()
        page.goto(f"{server.url}/{address}")
        if not address.startswith("account/"):
            _settle(page)
            if act:
                act(page)
                _settle(page)
            tall = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(max(tall, SIZES[width]), TALLEST)})
            page.wait_for_timeout(SETTLED_MS)
        page.screenshot(path=OUT / f"{name}_{language}_{theme}_{width}.png")
        page.close()
    context.close()
    return [f"{language} {theme} {width}: {fault}" for fault in console.faults]


def _settle(page: Page) -> None:
    page.wait_for_timeout(SETTLED_MS)
    idle(page)


def _demo(home: Path) -> Path:
    if not (home / "demo").exists():
        subprocess.run(
            [sys.executable, "-m", "core", "demo"], cwd=PROJECT, env=os.environ | {"SIYU_HOME": str(home)}, check=True
        )
    return home


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("views", nargs="*", default=list(VIEWS), help=f"of {', '.join(VIEWS)}")
    parser.add_argument("--language", choices=("zh", "en"))
    parser.add_argument("--theme", choices=("light", "dark"))
    parser.add_argument("--width", type=int, choices=tuple(SIZES))
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    languages = (asked.language,) if asked.language else ("zh", "en")
    themes = (asked.theme,) if asked.theme else ("light", "dark")
    widths = (asked.width,) if asked.width else tuple(SIZES)
    faults: list[str] = []
    with serving(_demo(OUT / "home")) as server, working(server), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_SWITCHES))
        for language, theme, width in product(languages, themes, widths):
            faults += take(server, browser, asked.views, language, theme, width)
            print(f"{language} {theme} {width}: {len(asked.views)} pictures in {OUT}", flush=True)
        browser.close()
    print("\n".join(faults))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
