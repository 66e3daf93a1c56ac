from datetime import UTC, datetime

import pytest

from core.scope import SYSTEM
from core.work import accounts
from tests.dashboard.web.client import Refused


def test_who_is_not_logged_in_is_sent_to_the_log_in_and_back_with_all_filters(browser):
    answer = browser().get("/overview?period=90&channel=app")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/account/login?next=%2Foverview%3Fperiod%3D90%26channel%3Dapp",
    )
    assert browser().get("/").headers["location"] == "/account/login"


@pytest.mark.parametrize(
    "path", ["/media/abc.csv", "/_stcore/metrics", "/_stcore/host-config", "/component/x", "/auth/logout"]
)
def test_machines_are_told_401_instead(browser, path):
    assert browser().get(path).status_code == 401


def test_a_request_that_is_no_visit_of_a_page_is_told_401(browser):
    assert browser(accept="application/json").get("/overview").status_code == 401
    assert browser().post("/overview").status_code == 401


def test_a_websocket_without_a_session_is_refused(browser):
    with pytest.raises(Refused):
        browser().websocket("/_stcore/stream")


def test_a_websocket_with_a_session_is_told_whose_it_is(browser, enter):
    token, who = enter()
    told = browser(token).websocket("/_stcore/stream", headers={"x-siyu-account": "1000"})
    assert (told["x-siyu-account"], told["x-siyu-session"]) == (str(who.operator.account_id), str(who.session_id))


def test_headers_that_only_the_gate_may_set_are_taken_from_visitors(browser, enter):
    token, who = enter()
    forged = {"X-Siyu-Account": "1000", "x-siyu-session": "1000", "x-siyu-anything": "1"}
    told = browser(token).get("/what.json", headers=forged).json()
    assert {name: value for name, value in told.items() if name.startswith("x-siyu")} == {
        "x-siyu-account": str(who.operator.account_id),
        "x-siyu-session": str(who.session_id),
    }
    assert browser().get("/static/what.json", headers=forged).json().get("x-siyu-account") is None


@pytest.mark.parametrize("path", ["/healthz", "/account/login", "/look/account.css", "/static/x.json"])
def test_what_everybody_needs_is_open(browser, path):
    assert browser().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/healthz/", "/account/loginx", "/account/password", "/look", "/LOOK/x", "/static"])
def test_nothing_like_it_is(browser, path):
    assert browser().get(path).status_code in (303, 401, 307, 404)
    assert (
        browser()
        .get(path)
        .headers.get("location", "/account/login")
        .startswith(("/account/login", "http://cockpit.test/look/"))
    )


def test_files_outside_the_open_folders_cannot_be_reached_through_them(browser):
    for path in ("/look/../server.py", "/look/%2e%2e/server.py", "/look/..%2fserver.py"):
        assert browser().get(path).status_code in (303, 401, 404)


def test_a_first_password_must_be_changed_before_anything_else(browser, enter):
    token, _ = enter(must_change=True)
    client = browser(token)
    assert client.get("/overview").headers["location"] == "/account/password"
    assert client.get("/account/password").status_code == 200
    with pytest.raises(Refused):
        client.websocket("/_stcore/stream")


def test_a_disabled_account_is_out_at_its_next_request(browser, enter, store):
    token, who = enter()
    client = browser(token)
    assert client.get("/account/ping").status_code == 204
    accounts.disable(store, SYSTEM, who.operator.account_id, now=datetime.now(UTC))
    assert client.get("/account/ping").status_code == 401
    assert client.get("/overview").status_code == 303


@pytest.mark.parametrize("cookie", ["siyu_session=", "siyu_session=;;=", 'siyu_session="', "a=b; siyu_session", "\x7f"])
def test_a_malformed_cookie_is_nobody_and_no_fault(browser, cookie):
    assert browser(cookie=cookie).get("/overview").status_code == 303


def test_a_strange_cookie_beside_it_does_not_hide_the_session(browser, enter):
    token, _ = enter()
    assert browser(cookie=f"b[]=1; siyu_session={token}; @=2").get("/account/ping").status_code == 204


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("/funnels/", "/funnels"),
        ("/funnels/old?a=1&b=%2F", "/funnels-old?a=1&b=%2F"),
        ("/%2fevil.example/x", "/evil.example-x"),
        ("/a/\\evil", "/a-%5Cevil"),
    ],
)
def test_an_address_of_several_parts_leads_to_one_of_this_house(browser, enter, address, leads):
    token, _ = enter()
    answer = browser(token).get(address, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (307, leads)
    assert answer.headers["x-frame-options"] == "DENY"
    assert browser().get(address, headers={"accept": "text/html"}).headers["location"].startswith("/account/login")
