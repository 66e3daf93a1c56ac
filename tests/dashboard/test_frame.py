"""The frame around all pages, run as Streamlit runs it."""

from datetime import UTC, datetime
from html import escape

import pytest
from streamlit.testing.v1 import AppTest

from core.scope import PERMISSIONS, ROLES, SYSTEM
from core.work import accounts
from dashboard import frame
from dashboard.web.server import SCRIPT
from tests.dashboard.pages.conftest import go, title
from tests.dashboard.pages.conftest import said as words_of
from tests.dashboard.pages.shop import fill


@pytest.fixture
def opened(enter):
    """``opened(role)``: the app at its start page, as somebody in this role sees it."""

    def call(role="manager", *, language="zh", **more) -> AppTest:
        _, who = enter(role, language=language, **more)
        test = AppTest.from_file(str(SCRIPT), default_timeout=60)
        test.user = {"account": str(who.operator.account_id), "session": str(who.session_id)}
        test.who = who
        return test.run()

    return call


def said(test):
    parts = [
        *test.title,
        *test.header,
        *test.subheader,
        *test.markdown,
        *test.caption,
        *test.error,
        *test.info,
        *test.success,
        *test.html,
    ]
    return "\n".join(str(part.value) for part in parts)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_opens_the_start_page_in_the_own_language(opened, role, language):
    test = opened(role, language=language)
    assert not test.exception
    assert title(test) == {"zh": "今日待办", "en": "Today"}[language]
    assert role in said(test)


@pytest.mark.parametrize("user", [{}, {"session": ""}, {"session": "999"}, {"session": "x"}, {"session": "-1"}])
def test_without_a_session_there_is_nothing_to_see(store, user):
    test = AppTest.from_file(str(SCRIPT), default_timeout=60)
    test.user = user
    test.run()
    assert not test.exception
    assert not title(test)
    assert "登录已结束" in said(test)


def test_a_session_that_ended_elsewhere_is_over_at_the_next_run(opened, store):
    test = opened("manager")
    accounts.disable(store, SYSTEM, test.who.operator.account_id, now=datetime.now(UTC))
    test.run()
    assert not title(test)
    assert "登录已结束" in said(test)


def test_logging_out_ends_the_session(opened, store):
    test = opened("manager")
    test.button(key="log_out").click().run()
    assert "登录已结束" in said(test)
    assert accounts.sessions(store, SYSTEM, now=datetime.now(UTC)) == []


@pytest.mark.parametrize("role", ROLES)
def test_every_page_names_a_permission_that_exists_and_the_start_page_is_for_all(role):
    entries = frame.pages()
    assert {entry.place.permission for entry in entries} <= set(PERMISSIONS)
    start = [entry for entry in entries if entry.place.is_start]
    assert [entry.name for entry in start] == ["today"]
    assert role in PERMISSIONS[start[0].place.permission]


def test_a_name_of_somebody_is_shown_as_it_is_and_never_as_a_link(opened, store):
    test = opened("manager")
    account = test.who.operator.account_id
    evil = "[x](http://evil.test) ![y](http://evil.test) <b>"
    accounts.change(store, SYSTEM, account, display_name=evil, role="manager", units=["[a](b)"], now=datetime.now(UTC))
    test.run()
    (account,) = [part.value for part in test.html if 'class="account"' in part.value]
    assert escape(evil) in account and escape("[a](b)") in account
    assert "](http" not in "".join(part.value for kind in (test.markdown, test.caption) for part in kind)


def test_an_address_of_a_world_that_was_never_filled_shows_that_world_labelled(opened):
    test = opened("admin")
    assert "演示数据" not in said(test)
    test.query_params["world"] = "demo"
    test.run()
    assert "演示数据" in said(test)


def guarded_page() -> None:
    import streamlit as st

    from dashboard.actions import guard

    @guard.guarded("accounts.write")
    def act() -> None:
        st.session_state["acted"] = True

    st.button("act", key="act", on_click=act)
    guard.show_notes()


@pytest.mark.parametrize(("role", "acted"), [("admin", True), ("manager", False), ("compliance", False)])
def test_a_callback_runs_only_for_who_may(enter, role, acted):
    _, who = enter(role)
    test = AppTest.from_function(guarded_page)
    test.user = {"session": str(who.session_id)}
    test.run()
    test.button(key="act").click().run()
    assert ("acted" in test.session_state) is acted
    assert [error.value for error in test.error] == (
        [] if acted else ["您的角色没有这项权限。需要时请联系管理员开通。"]
    )


def test_a_callback_of_a_page_that_was_left_open_asks_anew(enter, store):
    _, admin = enter("admin")
    _, other = enter("compliance")
    accounts.change(
        store, SYSTEM, other.operator.account_id, display_name="", role="admin", units=None, now=datetime.now(UTC)
    )
    test = AppTest.from_function(guarded_page)
    test.user = {"session": str(admin.session_id)}
    test.run()
    accounts.change(
        store, SYSTEM, admin.operator.account_id, display_name="", role="analyst", units=None, now=datetime.now(UTC)
    )
    test.button(key="act").click().run()
    assert "acted" not in test.session_state
    assert len(test.error) == 1


def test_of_a_parameter_that_stands_twice_the_first_counts_and_the_other_is_told(opened):
    fill()
    test = opened("analyst")
    for name, values in {
        "period": ["90", "7", "90"],
        "channel": ["app", "web"],
        "contract": ["orders", "orders"],
    }.items():
        test.query_params[name] = values
    go(test, "overview")
    assert test.selectbox(key="period").value == "90"
    assert test.multiselect(key="channel").value == ["app", "web"]
    (told,) = [warning.value.replace("\\", "") for warning in test.warning]
    assert "时间范围 “7”" in told and "“90”" not in told and "web" not in told and "orders" not in told
    test.run()
    assert len(test.warning) == 1
    test.button(key="unread_seen").click().run()
    assert not test.warning


@pytest.mark.parametrize("page", ["funnels", "paths", "retention"])
def test_a_name_without_end_is_cut_where_it_is_told(opened, page):
    fill()
    test = opened("analyst")
    name = "x" * 30_000
    for parameter, value in {
        "step": [name, "purchase"],
        "anchor": name,
        "r_start": name,
        "r_back": "purchase",
    }.items():
        test.query_params[parameter] = value
    go(test, page)
    assert not test.exception
    words = [words_of(test), *(str(one.value) for one in test.warning)]
    assert any("x" * 40 in one for one in words)
    assert max(map(len, "\n".join(words).split("\n"))) < 5_000
