"""Log-in, first password, tabs, restart and log-out, as a person meets them."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.scope import SYSTEM
from core.store.tables import Account
from core.work import accounts
from tests.e2e.browsing import free_port, idle, serving

pytestmark = pytest.mark.browser


def enter(page: Page, name: str, password: str) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.get_by_role("button", name=re.compile("^(登录|Log in)$")).click()


def test_a_new_person_logs_in_by_the_form_and_chooses_a_password(server, visit):
    made = accounts.create(
        server.store, SYSTEM, name="newcomer", display_name="新来的", role="admin", units=None, now=datetime.now(UTC)
    )
    page = visit()
    page.goto(f"{server.url}/accounts?period=90")
    expect(page).to_have_url(re.compile("/account/login.next="))
    enter(page, "newcomer", "wrong password")
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不正确")
    enter(page, "newcomer", made.password)
    expect(page).to_have_url(f"{server.url}/account/password")
    page.goto(f"{server.url}/accounts")
    expect(page).to_have_url(f"{server.url}/account/password")
    for field, value in (("old", made.password), ("new", "short-one!"), ("again", "another-one")):
        page.locator(f"#{field}").fill(value)
    page.get_by_role("button", name="保存新密码").click()
    expect(page.get_by_role("alert")).to_contain_text("不一致")
    for field, value in (("old", made.password), ("new", "a much better one"), ("again", "a much better one")):
        page.locator(f"#{field}").fill(value)
    page.get_by_role("button", name="保存新密码").click()
    expect(page).to_have_url(f"{server.url}/")
    idle(page)
    expect(page.get_by_text("新来的")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert "siyu_session" not in page.evaluate("document.cookie")
    visit.console.forgive("400 (Bad Request)")


def test_a_link_with_filters_survives_the_log_in_and_refresh_and_new_tabs_stay_in(server, signed_in):
    page = signed_in("admin")
    page.goto(f"{server.url}/accounts")
    idle(page)
    expect(page.get_by_role("heading", name="权限与审计")).to_be_visible()
    page.reload()
    idle(page)
    expect(page.get_by_role("heading", name="权限与审计")).to_be_visible()
    tab = page.context.new_page()
    tab.goto(server.url)
    idle(tab)
    expect(tab.get_by_role("heading", name="今日待办")).to_be_visible()


def test_the_language_switches_the_whole_page_and_stays(server, signed_in):
    page = signed_in("admin")
    page.goto(f"{server.url}/accounts")
    idle(page)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Access & audit")).to_be_visible()
    expect(page).to_have_url(f"{server.url}/accounts")
    assert page.evaluate("[document.documentElement.lang, navigator.language]") == ["en", "en"]
    with server.store.reading() as session:
        assert session.scalar(select(Account.language).where(Account.id == page.account.id)) == "en"
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", name="权限与审计")).to_be_visible()


def test_logging_out_ends_all_tabs_and_the_old_cookie_is_worth_nothing(server, signed_in, visit):
    page = signed_in("analyst")
    page.goto(server.url)
    idle(page)
    tab = page.context.new_page()
    tab.goto(server.url)
    idle(tab)
    old = page.context.cookies()
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(re.compile("/account/login"))
    expect(page.get_by_role("status")).to_contain_text("登录已结束")
    expect(tab).to_have_url(re.compile("/account/login"), timeout=30_000)
    page.go_back()
    expect(page).to_have_url(re.compile("/account/login"))
    page.context.add_cookies(old)
    page.goto(server.url)
    expect(page).to_have_url(re.compile("/account/login"))
    visit.console.forgive("/account/ping")


def test_a_page_that_the_role_may_not_see_says_so_in_our_words(server, signed_in):
    page = signed_in("manager")
    page.goto(f"{server.url}/accounts")
    idle(page)
    expect(page.get_by_role("alert")).to_contain_text("您的角色没有这项权限")
    expect(page.get_by_role("heading", name="权限与审计")).to_be_visible()
    expect(page.get_by_role("link", name="权限与审计")).to_have_count(0)


def test_whoever_is_demoted_can_do_nothing_more_with_a_page_that_is_still_open(server, signed_in):
    page = signed_in("admin")
    victim = server.account("manager")
    page.goto(f"{server.url}/accounts")
    idle(page)
    page.get_by_role("button", name="新建账号").click()
    page.get_by_test_id("stDialog").get_by_role("textbox", name="账号").fill("intruder")
    server.change(page.account, role="executive")
    page.get_by_test_id("stDialog").get_by_role("button", name="创建").click()
    expect(page.get_by_role("alert").first).to_contain_text("您的角色没有这项权限")
    with server.store.reading() as session:
        names = set(session.scalars(select(Account.name)))
    assert victim.name in names
    assert "intruder" not in names


def test_an_open_page_works_again_after_the_server_was_restarted(tmp_path, visit):
    port = free_port()
    with serving(tmp_path, port=port) as first:
        page = visit()
        token = first.token(first.account("admin"))
        page.context.add_cookies([{"name": "siyu_session", "value": token, "url": first.url}])
        page.goto(first.url)
        idle(page)
    with serving(tmp_path, port=port):
        page.get_by_role("link", name="权限与审计").click()
        expect(page.get_by_role("heading", name="权限与审计")).to_be_visible(timeout=60_000)
        idle(page)
    # While the server is away the browser itself complains of every attempt to reach it.
    visit.console.forgive("ERR_CONNECTION", "WebSocket", "server is not responding")
