from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from core.errors import InvalidPassword, TooManyAttempts, WrongCredentials
from core.scope import SYSTEM, Scope
from core.store import audit
from core.store.tables import Account, AuditEntry, LoginAttempt, LoginSession
from core.work import accounts, logins

SECOND = timedelta(seconds=1)
BROWSER = {"address": "10.0.0.1", "user_agent": "Browser/1"}


@pytest.fixture
def lin(store, now):
    return accounts.create(
        store, SYSTEM, name="Lin", display_name="林晓", role="manager", units=["east", "north"], now=now
    )


@pytest.fixture
def log_in(store, lin, now):
    def call(password=None, *, name="lin", at=now, address="10.0.0.1"):
        return logins.log_in(
            store, name=name, password=password or lin.password, address=address, user_agent="Browser/1", now=at
        )

    return call


def actions(store):
    with store.reading() as session:
        assert audit.verify(session) == []
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)))


def test_who_logs_in_is_known_by_the_token(store, log_in, lin, now):
    ticket = log_in()
    assert ticket.must_change_password
    who = logins.visitor(store, ticket.token, now=now)
    assert (who.operator.name, who.operator.role, who.display_name) == ("lin", "manager", "林晓")
    assert who.operator.scope == Scope(frozenset({"east", "north"}))
    assert logins.visitor_of_session(store, who.session_id, now=now) == who
    assert actions(store) == ["account.created", "account.logged_in"]


def test_the_first_log_in_keeps_the_language_of_its_form_and_later_ones_that_of_the_account(store, lin, now):
    first = logins.log_in(store, name="lin", password=lin.password, now=now, language="en", **BROWSER)
    who = logins.visitor(store, first.token, now=now)
    logins.change_password(store, who, old=lin.password, new="a-new-long-word-1", now=now, **BROWSER)
    again = logins.log_in(store, name="lin", password="a-new-long-word-1", now=now, language="zh", **BROWSER)
    assert (first.language, again.language) == ("en", "en")


def test_the_name_is_not_sensitive_to_case_or_surrounding_space(log_in):
    assert log_in(name=" LIN ").account_id == log_in().account_id


def test_a_null_character_in_a_name_is_not_heeded(log_in):
    assert log_in(name="l\x00in").account_id == log_in().account_id
    with pytest.raises(WrongCredentials):
        log_in(name="\x00")


def test_the_store_keeps_no_token_and_no_password(store, log_in, lin):
    token = log_in().token
    with store.reading() as session:
        login, account = session.execute(select(LoginSession, Account).join(Account)).one()
    assert token not in (login.token_sha256, account.password_hash)
    assert account.password_hash.startswith("$argon2id$") and lin.password not in account.password_hash


@pytest.mark.parametrize("token", ["", "x", "ü"])
def test_an_unknown_token_is_nobody(store, token, now):
    assert logins.visitor(store, token, now=now) is None


def test_wrong_password_unknown_name_and_disabled_account_are_refused_in_the_same_words(store, log_in, lin, now):
    said = set()
    for attempt in ({"password": "wrong"}, {"name": "nobody"}):
        with pytest.raises(WrongCredentials) as refusal:
            log_in(**attempt)
        said.add(str(refusal.value))
    accounts.disable(store, SYSTEM, lin.account_id, now=now)
    with pytest.raises(WrongCredentials) as refusal:
        log_in()
    assert len(said | {str(refusal.value)}) == 1
    assert actions(store).count("account.login_failed") == 3


def test_what_was_typed_as_an_unknown_name_is_not_written_down(store, log_in):
    with pytest.raises(WrongCredentials):
        log_in(name="my-secret-password")
    with store.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc())).first()
    assert (entry.object, entry.actor, entry.details) == ("account:unknown", "nobody", {"address": "10.0.0.1"})


def test_the_fifth_failure_in_a_row_makes_an_account_wait_longer_each_time(log_in, now):
    at = now
    waits = []
    for _ in range(4):
        with pytest.raises(WrongCredentials):
            log_in("wrong", at=at)
    for _ in range(4):
        with pytest.raises(WrongCredentials):
            log_in("wrong", at=at)
        with pytest.raises(TooManyAttempts) as refusal:
            log_in(at=at)
        waits.append(refusal.value.details["seconds"])
        at += SECOND * waits[-1]
    assert waits == [1, 2, 4, 8]
    assert log_in(at=at)


def test_waiting_ends_exactly_when_it_was_said_to(log_in, now):
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            log_in("wrong")
    with pytest.raises(TooManyAttempts):
        log_in(at=now + SECOND - timedelta(microseconds=1))
    assert log_in(at=now + SECOND)


def test_no_account_is_ever_locked_for_more_than_a_quarter_of_an_hour(store, log_in, now):
    with pytest.raises(WrongCredentials):
        log_in("wrong")
    with store.transaction() as session:
        session.execute(update(LoginAttempt).values(failures=10_000))
    with pytest.raises(WrongCredentials):
        log_in("wrong")
    assert log_in(at=now + timedelta(minutes=15))


def test_failures_are_forgotten_after_a_day(log_in, now):
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            log_in("wrong")
    later = now + timedelta(hours=24, microseconds=1)
    for _ in range(4):
        with pytest.raises(WrongCredentials):
            log_in("wrong", at=later)
    assert log_in(at=later)


def test_an_address_that_tries_many_names_has_to_wait_too(log_in):
    for number in range(20):
        with pytest.raises(WrongCredentials):
            log_in("wrong", name=f"name{number}")
    with pytest.raises(TooManyAttempts):
        log_in()
    assert log_in(address="10.0.0.2")


def test_a_success_does_not_wipe_out_the_other_failures_of_its_address(log_in):
    for number in range(19):
        with pytest.raises(WrongCredentials):
            log_in("wrong", name=f"name{number}")
    log_in()
    with pytest.raises(WrongCredentials):
        log_in("wrong", name="another")
    with pytest.raises(TooManyAttempts):
        log_in()


def test_attempts_made_all_at_once_are_counted_one_by_one(log_in):
    def attempt(_):
        try:
            log_in("wrong")
        except (WrongCredentials, TooManyAttempts) as refusal:
            return type(refusal)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(16)))
    assert answers.count(WrongCredentials) == 5


def test_a_session_that_was_idle_for_twelve_hours_is_over(store, log_in, now):
    token = log_in().token
    assert logins.visitor(store, token, now=now + logins.IDLE_LIMIT - SECOND)
    assert logins.visitor(store, token, now=now + 2 * logins.IDLE_LIMIT - SECOND - timedelta(microseconds=1))
    assert logins.visitor(store, token, now=now + 3 * logins.IDLE_LIMIT) is None


def test_a_session_ends_after_seven_days_however_busy(store, log_in, now):
    token = log_in().token
    for hours in range(10, 7 * 24, 10):
        assert logins.visitor(store, token, now=now + timedelta(hours=hours))
    assert logins.visitor(store, token, now=now + logins.ABSOLUTE_LIMIT - timedelta(microseconds=1))
    assert logins.visitor(store, token, now=now + logins.ABSOLUTE_LIMIT) is None


def test_a_visit_is_noted_once_a_minute(store, log_in, now):
    token = log_in().token

    def seen_after(seconds):
        logins.visitor(store, token, now=now + SECOND * seconds)
        with store.reading() as session:
            return session.scalar(select(LoginSession.seen_at)) - now

    assert [seen_after(59), seen_after(60), seen_after(100)] == [SECOND * 0, SECOND * 60, SECOND * 60]


def test_who_logged_out_is_out_and_may_do_it_again(store, log_in, now):
    token, other = log_in().token, log_in().token
    who = logins.visitor(store, token, now=now)
    logins.log_out(store, who, now=now)
    logins.log_out(store, who, now=now)
    assert logins.visitor(store, token, now=now) is None
    assert logins.visitor(store, other, now=now)
    assert actions(store).count("account.logged_out") == 1


def test_changing_the_password_ends_all_sessions_but_gives_a_new_one(store, log_in, lin, now):
    first, second = log_in().token, log_in().token
    who = logins.visitor(store, first, now=now)
    ticket = logins.change_password(store, who, old=lin.password, new="a-better-one", now=now, **BROWSER)
    assert logins.visitor(store, first, now=now) is logins.visitor(store, second, now=now) is None
    assert not logins.visitor(store, ticket.token, now=now).must_change_password
    with pytest.raises(WrongCredentials):
        log_in()
    assert not log_in("a-better-one").must_change_password


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("wrong", "a-better-one", WrongCredentials),
        (None, "short", InvalidPassword),
        (None, None, InvalidPassword),
    ],
)
def test_a_refused_change_of_password_changes_nothing(store, log_in, lin, now, old, new, refusal):
    token = log_in().token
    who = logins.visitor(store, token, now=now)
    with pytest.raises(refusal):
        logins.change_password(store, who, old=old or lin.password, new=new or lin.password, now=now, **BROWSER)
    assert logins.visitor(store, token, now=now) == who
    assert log_in()


def test_guessing_the_old_password_is_slowed_down_like_a_log_in(store, log_in, now):
    who = logins.visitor(store, log_in().token, now=now)
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            logins.change_password(store, who, old="wrong", new="a-better-one", now=now, **BROWSER)
    with pytest.raises(TooManyAttempts):
        logins.change_password(store, who, old="wrong", new="a-better-one", now=now, **BROWSER)


def test_a_weak_old_hash_is_replaced_at_the_next_log_in(store, log_in, lin):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(lin.password)
    with store.transaction() as session:
        session.execute(update(Account).values(password_hash=weak))
    log_in()
    with store.reading() as session:
        assert "m=47104" in session.scalar(select(Account.password_hash))
    assert log_in()
