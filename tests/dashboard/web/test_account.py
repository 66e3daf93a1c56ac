import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from core.scope import SYSTEM
from core.work import accounts
from dashboard.web import forms, wiring

SITE = "http://cockpit.test"


@pytest.fixture
def lin(store):
    return accounts.create(
        store, SYSTEM, name="lin", display_name="林", role="admin", units=None, now=datetime.now(UTC)
    )


def token_in(answer):
    return re.search(r'name="token" value="([0-9a-f]{64})"', answer.text)[1]


def post(client, path, /, page=None, headers=None, **fields):
    token = token_in(client.get(page or path))
    return client.post(path, data={"token": token} | fields, headers={"origin": SITE} | (headers or {}))


def log_in(client, made, **more):
    return post(client, "/account/login", name=made.name, password=made.password, **more)


def test_a_right_password_gives_a_cookie_that_no_script_can_read(browser, lin):
    answer = log_in(browser(), lin)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("siyu_session="))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/password")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
    assert len(cookie.split("=")[1].split(";")[0]) >= 43


def test_every_log_in_gives_another_token(browser, lin):
    tokens = set()
    for _ in range(2):
        client = browser()
        log_in(client, lin)
        tokens.add(client.cookies["siyu_session"])
    assert len(tokens) == 2


def test_over_https_the_cookie_is_bound_to_the_host(store, browser, lin, monkeypatch):
    monkeypatch.setenv("SIYU_HTTPS", "1")
    wiring.house.cache_clear()
    answer = log_in(browser(base_url="https://cockpit.test"), lin, headers={"origin": "https://cockpit.test"})
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("__Host-siyu="))
    assert "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"token": ""}},
        {"data": {"token": "0" * 64}},
        {"data": {"token": "令牌"}},
        {"data": {}},
        {"headers": {"origin": "http://evil.test"}},
        {"headers": {"origin": "null"}},
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"cookie": False},
    ],
)
def test_a_form_that_did_not_come_from_our_page_is_refused(browser, lin, change):
    client = browser()
    fields = {"token": token_in(client.get("/account/login")), "name": "lin", "password": lin.password}
    fields = fields | change.get("data", {}) if change.get("data") != {} else {"name": "lin", "password": lin.password}
    if change.get("cookie") is False:
        client.cookies.clear()
    answer = client.post("/account/login", data=fields, headers=change.get("headers"))
    assert answer.status_code == 403
    assert "siyu_session" not in client.cookies


def test_a_form_of_monstrous_size_is_not_even_read(browser):
    client = browser()
    token = token_in(client.get("/account/login"))
    answer = client.post("/account/login", data={"token": token, "name": "x" * 30_000}, headers={"origin": SITE})
    assert answer.status_code == 403


def test_a_wrong_password_says_so_and_shows_the_name_again_as_plain_text(browser, lin):
    answer = post(browser(), "/account/login", name='"><script>x</script>', password="wrong")
    assert answer.status_code == 400
    assert "账号或密码不正确" in answer.text
    assert "<script>" not in answer.text and "&lt;script&gt;" in answer.text


def test_too_many_attempts_are_told_how_long_to_wait(browser, lin):
    client = browser()
    for _ in range(5):
        assert post(client, "/account/login", name="lin", password="wrong").status_code == 400
    answer = log_in(client, lin)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) in (1, 2)


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        ("/overview?period=90", "/overview?period=90"),
        ("//evil.test", "/"),
        ("https://evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/a\nb", "/"),
        ("overview", "/"),
        ("", "/"),
        (None, "/"),
        ("/account/login?next=/", "/"),
    ],
)
def test_only_addresses_of_our_own_are_gone_on_to(wanted, gone):
    assert forms.inside(wanted) == gone


def test_after_the_log_in_one_is_where_one_wanted_to_be(browser, enter, store):
    enter("analyst")
    made = accounts.reset_password(store, SYSTEM, 1, now=datetime.now(UTC))
    client = browser()
    page = "/account/login?next=" + quote("/funnels?period=7", safe="")
    post(client, "/account/login", page=page, name="analyst1", password=made, next="/funnels?period=7")
    answer = post(client, "/account/password", old=made, new="a much better one", again="a much better one")
    assert answer.headers["location"] == "/"
    assert client.get(page).headers["location"] == "/funnels?period=7"


def test_a_changed_password_gives_a_new_session_and_ends_the_old_one(browser, enter):
    token, _ = enter()
    client = browser(token)
    assert (
        post(client, "/account/password", old="wrong", new="a much better one", again="a much better one").status_code
        == 400
    )
    assert post(client, "/account/password", old="wrong", new="a much better one", again="another").status_code == 400
    assert browser(token).get("/account/ping").status_code == 204


@pytest.mark.parametrize(
    ("new", "told"), [("short", "至少需要 10"), ("password123", "太常见"), ("x-lin-lin-x", "不能包含账号名")]
)
def test_a_password_that_breaks_a_rule_is_told_which(browser, lin, new, told):
    client = browser()
    log_in(client, lin)
    answer = post(client, "/account/password", old=lin.password, new=new, again=new)
    assert answer.status_code == 400
    assert told in answer.text


def test_logging_out_needs_our_own_form(browser, enter):
    token, _ = enter()
    client = browser(token)
    assert client.get("/account/logout").status_code in (404, 405)
    assert client.post("/account/logout", data={"token": "0" * 64}).headers["location"] == "/"
    assert client.get("/account/ping").status_code == 204
    answer = post(client, "/account/logout", page="/account/password")
    assert answer.headers["location"] == "/account/login"
    assert browser(token).get("/account/ping").status_code == 401


def test_the_language_follows_account_cookie_and_browser_in_that_order(browser, enter):
    def shown(client):
        return re.search(r'<html lang="([^"]+)"', client.get("/account/login").text)[1]

    assert shown(browser(**{"accept-language": "en-GB,en;q=0.9,zh;q=0.8"})) == "en"
    assert shown(browser(**{"accept-language": "de,en"})) == "zh-CN"
    client = browser(**{"accept-language": "zh-CN"})
    client.get("/account/language?to=en")
    assert shown(client) == "en"
    token, _ = enter(language="zh")
    client.cookies["siyu_session"] = token
    assert 'lang="zh-CN"' in client.get("/overview").text


def test_switching_the_language_goes_back_to_where_one_was(browser, enter, store):
    token, _ = enter(language="zh")
    client = browser(token)
    answer = client.get("/account/language?to=en", headers={"referer": f"{SITE}/overview?period=7"})
    assert answer.headers["location"] == "/overview?period=7"
    assert client.get("/account/language?to=en", headers={"referer": "http://evil.test/x"}).headers["location"] == "/"
    assert client.get("/account/language?to=en&next=//evil.test").headers["location"] == "/"
    assert [account.language for account in accounts.listed(store, SYSTEM)] == ["en"]


@pytest.mark.parametrize(
    "request_", [("fr", {}), ("en", {"sec-fetch-site": "cross-site"}), ("en", {"origin": "http://evil.test"})]
)
def test_a_language_there_is_not_or_another_site_changes_nothing(browser, enter, store, request_):
    language, headers = request_
    token, _ = enter(language="zh")
    answer = browser(token).get(f"/account/language?to={language}", headers=headers)
    assert "set-cookie" not in answer.headers
    assert [account.language for account in accounts.listed(store, SYSTEM)] == ["zh"]


def test_the_log_in_page_is_skipped_by_who_is_in(browser, enter):
    token, _ = enter()
    assert browser(token).get("/account/login?next=%2Ftoday").headers["location"] == "/today"


def test_an_unknown_address_below_account_is_not_handed_to_streamlit(browser, enter):
    token, _ = enter()
    assert browser(token).get("/account/nothing").status_code == 404
