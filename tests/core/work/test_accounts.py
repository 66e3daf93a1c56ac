from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.errors import Forbidden, InvalidAccount, InvalidPassword, TooManyAttempts, Unknown, WrongCredentials
from core.scope import PERMISSIONS, ROLES, SYSTEM, Operator, Scope
from core.store import audit
from core.store.tables import Account, AuditEntry
from core.work import accounts, logins


@pytest.fixture
def make(store, now):
    def call(name="lin", role="manager", units=None, operator=SYSTEM, display_name=""):
        return accounts.create(store, operator, name=name, display_name=display_name, role=role, units=units, now=now)

    return call


@pytest.fixture
def enter(store, now):
    def call(made):
        ticket = logins.log_in(
            store, name=made.name, password=made.password, address="::1", user_agent="Browser/1", now=now
        )
        return ticket.token

    return call


def account(store, account_id) -> Account:
    with store.reading() as session:
        return session.get(Account, account_id)


def newest(store) -> AuditEntry:
    with store.reading() as session:
        assert audit.verify(session) == []
        return session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc())).first()


def test_an_empty_house_gets_one_admin_who_must_change_the_password(store, enter, now):
    first = accounts.first_account(store, now=now)
    assert first.name == "admin"
    who = logins.visitor(store, enter(first), now=now)
    assert (who.operator.role, who.operator.scope.sees_all, who.must_change_password) == ("admin", True, True)


def test_a_house_with_an_account_gets_no_other_and_says_nothing(store, make, now):
    make()
    assert accounts.first_account(store, now=now) is None
    assert newest(store).sequence == 1


def test_processes_that_open_a_house_at_once_make_one_admin(store, now):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: accounts.first_account(store, now=now), range(4)))
    assert sum(one is not None for one in made) == 1
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 1


def test_a_new_account_has_what_it_was_given_and_is_audited_without_its_password(store, make):
    made = make("Chen.Mo@shop", "analyst", units=["west", "east"], display_name=" 陈默 ")
    found = account(store, made.account_id)
    assert (found.name, found.display_name, found.role, found.units) == (
        "chen.mo@shop",
        "陈默",
        "analyst",
        ["east", "west"],
    )
    assert newest(store).details == {"role": "analyst", "units": ["east", "west"], "display_name": "陈默"}


@pytest.mark.parametrize("name", ["", "a", "a b", "<b>", "x" * 33, "a/b", "a\nb"])
def test_a_name_that_could_confuse_is_refused(make, name):
    with pytest.raises(InvalidAccount) as refusal:
        make(name)
    assert refusal.value.details["reason"] == "name"


@pytest.mark.parametrize("name", ["ab", "x" * 32, "林晓"])
def test_a_name_at_either_limit_is_accepted(make, name):
    assert make(name).name == name


def test_a_name_is_given_once(make):
    make("lin")
    with pytest.raises(InvalidAccount) as refusal:
        make("LIN")
    assert refusal.value.details["reason"] == "taken"


def test_an_unknown_role_is_refused(make):
    with pytest.raises(InvalidAccount):
        make(role="emperor")


def test_no_units_at_all_is_not_the_same_as_all_units(store, make, enter, now):
    none, everything = make("none", units=[]), make("all", units=None)
    assert logins.visitor(store, enter(none), now=now).operator.scope == Scope(frozenset())
    assert logins.visitor(store, enter(everything), now=now).operator.scope.sees_all


def test_a_change_of_role_and_units_holds_for_open_sessions(store, make, enter, now):
    made = make()
    token = enter(made)
    accounts.change(store, SYSTEM, made.account_id, display_name="林", role="executive", units=["east"], now=now)
    who = logins.visitor(store, token, now=now)
    assert (who.operator.role, who.operator.scope, who.display_name) == ("executive", Scope(frozenset({"east"})), "林")
    assert newest(store).details == {
        "before": {"display_name": "lin", "role": "manager", "units": None},
        "after": {"display_name": "林", "role": "executive", "units": ["east"]},
    }


def test_a_change_that_changes_nothing_is_not_audited(store, make, now):
    made = make()
    before = newest(store).sequence
    accounts.change(store, SYSTEM, made.account_id, display_name="lin", role="manager", units=None, now=now)
    assert newest(store).sequence == before


def test_a_disabled_account_is_out_at_once_and_an_enabled_one_in_again(store, make, enter, now):
    made = make()
    token = enter(made)
    accounts.disable(store, SYSTEM, made.account_id, now=now)
    assert logins.visitor(store, token, now=now) is None
    with pytest.raises(WrongCredentials):
        enter(made)
    accounts.enable(store, SYSTEM, made.account_id, now=now)
    assert logins.visitor(store, token, now=now) is None
    assert enter(made)


def test_a_reset_password_ends_sessions_and_waiting_and_must_be_changed(store, make, enter, now):
    made = make()
    token = enter(made)
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            logins.log_in(store, name="lin", password="wrong", address="::1", user_agent="", now=now)
    with pytest.raises(TooManyAttempts):
        enter(made)
    password = accounts.reset_password(store, SYSTEM, made.account_id, now=now)
    assert logins.visitor(store, token, now=now) is None
    assert enter(accounts.Created(made.account_id, "lin", password))
    assert account(store, made.account_id).must_change_password
    assert password not in str(newest(store).details)


def test_an_ended_session_is_over_and_the_others_are_not(store, make, enter, now):
    made = make()
    first, second = enter(made), enter(made)
    who = logins.visitor(store, first, now=now)
    assert accounts.end_session(store, SYSTEM, who.session_id, now=now)
    assert not accounts.end_session(store, SYSTEM, who.session_id, now=now)
    assert logins.visitor(store, first, now=now) is None
    assert [login.id for login, _ in accounts.sessions(store, SYSTEM, now=now)] == [
        logins.visitor(store, second, now=now).session_id
    ]


def test_a_session_that_ran_out_is_not_listed(store, make, enter, now):
    enter(make())
    assert accounts.sessions(store, SYSTEM, now=now + logins.IDLE_LIMIT) == []
    assert len(accounts.sessions(store, SYSTEM, now=now + logins.IDLE_LIMIT - timedelta(seconds=1))) == 1


def test_the_last_active_admin_can_be_neither_disabled_nor_demoted(store, make, now):
    only, other = make("root", "admin"), make("second", "admin")
    accounts.disable(store, SYSTEM, other.account_id, now=now)
    for attempt in (
        lambda: accounts.disable(store, SYSTEM, only.account_id, now=now),
        lambda: accounts.change(store, SYSTEM, only.account_id, display_name="r", role="analyst", units=None, now=now),
    ):
        with pytest.raises(InvalidAccount) as refusal:
            attempt()
        assert refusal.value.details["reason"] == "last_admin"
    accounts.enable(store, SYSTEM, other.account_id, now=now)
    accounts.disable(store, SYSTEM, only.account_id, now=now)


def test_the_last_admin_of_all_units_stays_one_of_all_units(store, make, now):
    only, other = make("root", "admin"), make("second", "admin", units=["S01"])
    own = Operator(only.account_id, only.name, "admin")
    with pytest.raises(InvalidAccount) as refusal:
        accounts.change(store, own, only.account_id, display_name="r", role="admin", units=["S01"], now=now)
    assert refusal.value.details["reason"] == "last_admin"
    with pytest.raises(InvalidAccount):
        accounts.disable(store, SYSTEM, only.account_id, now=now)
    accounts.change(store, own, other.account_id, display_name="s", role="admin", units=None, now=now)
    accounts.change(store, own, only.account_id, display_name="r", role="admin", units=["S01"], now=now)
    assert account(store, only.account_id).units == ["S01"]


def test_two_admins_who_disable_each_other_at_once_leave_one(store, make, now):
    pair = [make("one1", "admin"), make("two2", "admin")]
    people = [Operator(made.account_id, made.name, "admin") for made in pair]

    def disable(index):
        try:
            accounts.disable(store, people[index], pair[1 - index].account_id, now=now)
        except InvalidAccount:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(disable, range(2))) == [False, True]


def test_nobody_disables_or_demotes_the_own_account(store, make, now):
    made = make("root", "admin")
    make("second", "admin")
    me = Operator(made.account_id, "root", "admin")
    with pytest.raises(InvalidAccount):
        accounts.disable(store, me, made.account_id, now=now)
    with pytest.raises(InvalidAccount):
        accounts.change(store, me, made.account_id, display_name="r", role="analyst", units=None, now=now)
    accounts.change(store, me, made.account_id, display_name="R", role="admin", units=None, now=now)


def test_an_account_that_never_was_is_unknown(store, now):
    with pytest.raises(Unknown):
        accounts.disable(store, SYSTEM, 99, now=now)


def test_a_language_is_one_that_there_is(store, make):
    made = make()
    me = Operator(made.account_id, "lin", "manager")
    accounts.set_language(store, me, "en")
    assert account(store, made.account_id).language == "en"
    with pytest.raises(InvalidAccount):
        accounts.set_language(store, me, "fr")


def test_the_audit_log_is_read_newest_first_by_actor_and_action(store, make, now):
    make("one1")
    make("two2")
    entries, total = accounts.audit_entries(store, SYSTEM, limit=1)
    assert ([entry.object for entry in entries], total) == (["account:two2"], 2)
    entries, total = accounts.audit_entries(store, SYSTEM, actor="system", action="account.created", limit=9, offset=1)
    assert ([entry.object for entry in entries], total) == (["account:one1"], 2)
    assert accounts.audit_entries(store, SYSTEM, actor="nobody", limit=9) == ([], 0)
    assert accounts.audit_names(store, SYSTEM) == (["system"], ["account.created"])
    faults, head = accounts.verify_audit(store, SYSTEM)
    assert (faults, head.sequence) == ([], 2)


CALLS = {
    "accounts.write": (
        lambda store, who, now: accounts.create(
            store, who, name="new", display_name="", role="analyst", units=None, now=now
        ),
        lambda store, who, now: accounts.change(store, who, 1, display_name="", role="manager", units=None, now=now),
        lambda store, who, now: accounts.disable(store, who, 1, now=now),
        lambda store, who, now: accounts.enable(store, who, 1, now=now),
        lambda store, who, now: accounts.reset_password(store, who, 1, now=now),
        lambda store, who, now: accounts.end_session(store, who, 1, now=now),
    ),
    "accounts.see": (
        lambda store, who, now: accounts.listed(store, who),
        lambda store, who, now: accounts.sessions(store, who, now=now),
    ),
    "audit.see": (
        lambda store, who, now: accounts.audit_entries(store, who, limit=1),
        lambda store, who, now: accounts.audit_names(store, who),
        lambda store, who, now: accounts.verify_audit(store, who),
    ),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", CALLS)
def test_every_function_refuses_exactly_the_roles_without_its_permission(store, make, now, role, permission):
    make()
    who = Operator(99, "who", role)
    for call in CALLS[permission]:
        if role in PERMISSIONS[permission]:
            call(store, who, now)
        else:
            with pytest.raises(Forbidden):
                call(store, who, now)


def test_a_refused_password_leaves_the_account_as_it_was(store, make, enter, now):
    made = make()
    who = logins.visitor(store, enter(made), now=now)
    with pytest.raises(InvalidPassword):
        logins.change_password(
            store, who, old=made.password, new="lin-lin-lin-1", address="::1", user_agent="", now=now
        )
    assert account(store, made.account_id).must_change_password
