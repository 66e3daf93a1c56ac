"""Notices on their way: once, in order, within their caps, and none lost. Over real sockets, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Forbidden, Unknown
from core.scope import SYSTEM, Operator
from core.senders.posting import Poster
from core.senders.robot import Robot
from core.senders.smtp import Smtp
from core.senders.webhook import Webhook
from core.store.session import Store
from core.work import deliveries, delivery_decisions, notice_targets
from core.work.deliveries import BACKOFF_S, MOST_TRIES, deliver
from core.work.delivery_decisions import InvalidDelivery
from core.work.questions import notices as asked
from tests.core.work.notice_parts import ADMIN, LIN, NOW, house, say, target
from tests.fakes.hooks import receiving
from tests.fakes.mail import post_office
from tests.fakes.robots import KEY, chatting
from tests.fakes.serving import Reply
from tests.lakes import add

SECRET = "whsec_" + "b2xk" * 10
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BUSY = Reply(503)


@pytest.fixture
def home(tmp_path):
    made = house(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def either(store, tmp_path):
    """Over each kind of store."""
    return house(tmp_path, store)


@pytest.fixture
def hook():
    with receiving(NOW, SECRET) as hook:
        yield hook


@pytest.fixture
def group():
    with chatting(NOW) as group:
        yield group


def hooked(home, hook, **wanted):
    return target(home, "webhook", hook.address, secret=SECRET, **wanted)


def passed(home, at=NOW, **senders):
    """One pass of a worker, as (sent, failed)."""
    every = {"webhook": Webhook(Poster({"127.0.0.1"})), **senders}
    done = deliver(home, every, at)
    return done.sent, done.failed


def at(hook, home, when):
    hook.now = when
    return passed(home, when)


def states(home):
    """Oldest first."""
    return [one.state for one in reversed(asked.log(home, ADMIN))]


def rules(hook):
    """What each message told, in the order in which they came."""
    return [[one["params"]["rule"] for one in told["data"]["notices"]] for told in hook.taken]


def only(home):
    return asked.targets(home, ADMIN)[0]


def test_an_e_mail_arrives_once_in_the_targets_language(store, tmp_path):
    with post_office() as box:
        home = house(tmp_path, store, box.port)
        target(home, "email", LIN)
        assert say(home, "a", rule="churn", place="", value=0.031, unit="share", warning_id=7) == [True]
        assert say(home, "a") == [False]
        mail = {"email": Smtp(home.settings.mail)}
        assert [passed(home, **mail), passed(home, NOW + HOUR, **mail)] == [(1, 0), (0, 0)]
        (letter,) = box.letters
    assert letter["Subject"] == "Risk warning: churn (whole house)"
    assert letter.get_content().splitlines() == [
        "Risk warning: churn (whole house)", "Value: 3.1%", "Open: https://cockpit.example/risk?warning=7&world=live",
    ]  # fmt: skip
    assert states(home) == ["sent"]


def test_what_was_not_committed_is_told_to_nobody(home, hook):
    hooked(home, hook)
    with pytest.raises(RuntimeError), home.store.transaction() as session:
        deliveries.say(session, deliveries.Notice("review.due", "a"), NOW)
        raise RuntimeError
    assert (passed(home), hook.requests) == ((0, 0), [])


def test_a_notice_goes_to_each_target_that_wants_it(home, hook):
    with receiving(NOW, SECRET) as other:
        hooked(home, hook, name="grave", least_urgency="high")
        hooked(home, other, name="drills", kinds=("drill.late",))
        say(home, "a")
        say(home, "b", urgency="high")
        say(home, "c", kind="drill.late", urgency="high")
        assert passed(home) == (3, 0)
        assert (rules(hook), rules(other)) == ([["b"], ["c"]], [["c"]])


def test_a_target_of_units_is_told_of_these_and_those_below_and_never_of_the_whole_house(home, hook):
    add(
        home,
        1,
        units=[{"unit_id": one, "parent_unit_id": above} for one, above in (("n", None), ("n1", "n"), ("s", None))],
    )
    hooked(home, hook, units=("n",))
    say(home, "of n", units=("n",))
    say(home, "of n1", units=("n1",))
    say(home, "of both", units=("n1", "s"))
    say(home, "of s", units=("s",))
    say(home, "of all")
    passed(home)
    assert rules(hook) == [["of n"], ["of n1"], ["of both"]]


def test_a_busy_receiver_is_tried_again_later_under_the_same_identity(home, hook):
    hooked(home, hook)
    hook.script = [BUSY, BUSY]
    say(home, "a")
    assert passed(home) == (0, 0)
    assert at(hook, home, NOW + timedelta(seconds=3)) == (0, 0)
    assert len(hook.requests) == 1
    assert at(hook, home, NOW + timedelta(seconds=7)) == (0, 0)
    assert at(hook, home, NOW + timedelta(seconds=7 + 361)) == (1, 0)
    assert len({one.headers["webhook-id"] for one in hook.requests}) == 1
    assert (len(hook.requests), states(home)) == (3, ["sent"])


def test_the_other_side_says_how_long_it_wants_to_be_left_alone(home, hook):
    hooked(home, hook)
    hook.script = [Reply(429, headers=(("Retry-After", "600"),))]
    say(home, "a", "b")
    assert passed(home) == (0, 0)
    assert at(hook, home, NOW + timedelta(seconds=599)) == (0, 0)
    assert len(hook.requests) == 1
    assert at(hook, home, NOW + timedelta(seconds=601)) == (2, 0)


def test_a_message_fails_after_its_last_try_and_a_person_may_send_it_again(either, hook):
    hooked(either, hook)
    hook.script = [BUSY] * MOST_TRIES
    say(either, "a")
    when = NOW
    for _ in range(MOST_TRIES + 3):
        at(hook, either, when)
        when += timedelta(seconds=max(BACKOFF_S) * 1.3)
    (delivery,) = asked.log(either, ADMIN)
    assert (len(hook.requests), delivery.state, delivery.error) == (MOST_TRIES, "failed", "http.503")
    delivery_decisions.again(either, either.store, ADMIN, delivery.delivery_id, now=when)
    assert at(hook, either, when) == (1, 0)
    assert len({one.headers["webhook-id"] for one in hook.requests}) == 1
    with pytest.raises(InvalidDelivery):
        delivery_decisions.again(either, either.store, ADMIN, delivery.delivery_id, now=when)
    with pytest.raises(Unknown):
        delivery_decisions.again(either, either.store, ADMIN, 99, now=when)


def test_a_message_that_is_refused_for_good_is_dead_at_once_and_the_next_one_goes(home, hook):
    hooked(home, hook)
    hook.script = [Reply(400)]
    say(home, "a", "b")
    assert passed(home) == (1, 1)
    assert at(hook, home, NOW + 24 * HOUR) == (0, 0)
    assert (states(home), rules(hook)) == (["failed", "sent"], [["b"]])


def test_what_goes_beyond_the_cap_comes_as_one_message_and_what_is_urgent_has_room_kept(either, hook):
    hooked(either, hook, most_per_hour=4)
    say(either, *"abcdefgh")
    assert passed(either) == (3, 0)
    say(either, "urgent", urgency="high")
    assert at(hook, either, NOW + MINUTE) == (1, 0)
    say(either, "also urgent", urgency="high")
    assert at(hook, either, NOW + 2 * MINUTE) == (0, 0)
    assert rules(hook) == [["a"], ["b"], ["c"], ["urgent"]]
    assert at(hook, either, NOW + HOUR + timedelta(seconds=1)) == (1, 0)
    assert rules(hook)[4:] == [["also urgent", *"defgh"]]
    assert hook.taken[4]["data"]["text"].splitlines()[:2] == ["6 notices", "• Risk warning: also urgent (—)"]
    assert states(either)[:3] + states(either)[-1:] == ["sent"] * 4
    assert states(either).count("joined") == 6


def test_a_target_that_collects_gets_one_message_for_what_is_not_urgent(home, hook):
    hooked(home, hook, digest_minutes=30)
    say(home, "a")
    say(home, "b", now=NOW + 10 * MINUTE)
    say(home, "urgent", urgency="high")
    assert passed(home) == (1, 0)
    assert at(hook, home, NOW + 29 * MINUTE) == (0, 0)
    assert at(hook, home, NOW + 30 * MINUTE) == (1, 0)
    assert rules(hook) == [["urgent"], ["a", "b"]]


def test_a_digest_that_is_not_taken_is_tried_again_as_it_was(home, hook):
    hooked(home, hook, digest_minutes=30)
    say(home, "a", "b")
    passed(home)
    hook.script = [BUSY]
    at(hook, home, NOW + 30 * MINUTE)
    say(home, "c")
    at(hook, home, NOW + 31 * MINUTE)
    assert rules(hook) == [["a", "b"]]
    assert {one.headers["webhook-id"] for one in hook.requests} == set(hook.ids)


def test_a_target_in_trouble_is_left_alone_and_people_are_told_once(home, hook):
    with receiving(NOW, SECRET) as other:
        hooked(home, hook, name="broken")
        hooked(home, other, name="whole", kinds=("target.paused",), least_urgency="low")
        hook.script = [BUSY] * 12
        other.now = NOW + 9 * MINUTE
        say(home, *"abcdefgh")
        passed(home)
        assert len(hook.requests) == 5
        assert only(home).paused_until == NOW + timedelta(minutes=10)
        at(hook, home, NOW + 9 * MINUTE)
        assert len(hook.requests) == 5
        at(hook, home, NOW + 11 * MINUTE)
        assert len(hook.requests) == 6
        assert only(home).paused_until == NOW + timedelta(minutes=31)
        bell = asked.unseen(home, ADMIN).newest
        assert [(one.kind, one.params["target"]) for one in bell if one.kind.startswith("target.")] == [
            ("target.paused", "broken")
        ]
        assert [one["type"] for one in other.taken] == ["target.paused"]
        hook.script.clear()
        at(hook, home, NOW + 20 * HOUR)
        assert sorted(chain.from_iterable(rules(hook))) == list("abcdefgh")
        assert (only(home).failures, only(home).paused_until) == (0, None)


def test_a_target_that_is_gone_keeps_what_waits_until_a_person_has_mended_it(home, hook):
    one = hooked(home, hook)
    hook.script = [Reply(410)]
    say(home, "a", "b")
    assert passed(home) == (0, 1)
    assert only(home).halted == "http.410"
    assert [told.kind for told in asked.unseen(home, ADMIN).newest][:1] == ["target.halted"]
    assert at(hook, home, NOW + HOUR) == (0, 0)
    notice_targets.resume(home, home.store, ADMIN, one, now=NOW)
    assert at(hook, home, NOW + HOUR) == (1, 0)
    assert rules(hook) == [["b"]]


def test_a_test_is_tried_once_even_where_nothing_else_goes_and_mends_what_it_shows_to_be_well(home, hook):
    one = hooked(home, hook)
    hook.script = [Reply(410), BUSY]
    say(home, "a")
    passed(home)
    failing = notice_targets.test(home, home.store, ADMIN, one, now=NOW)
    assert passed(home) == (0, 1)
    notice_targets.test(home, home.store, ADMIN, one, now=NOW + MINUTE)
    assert at(hook, home, NOW + MINUTE) == (1, 0)
    assert (hook.taken[0]["type"], only(home).halted) == ("test", None)
    assert [told.error for told in asked.log(home, ADMIN) if told.delivery_id == failing] == ["http.503"]
    assert "test" not in {told.kind for told in asked.unseen(home, ADMIN).newest}


def test_a_robot_whose_answer_was_lost_is_asked_no_second_time_until_a_person_decides(home, group):
    target(home, "robot", KEY)
    robot = {"robot": Robot(Poster({"127.0.0.1"}), group.base)}
    group.loses = 1
    say(home, "a", "b")
    assert passed(home, **robot) == (1, 0)
    assert passed(home, NOW + HOUR, **robot) == (0, 0)
    assert (states(home), len(group.texts)) == (["unknown", "sent"], 2)
    lost = asked.log(home, ADMIN)[-1].delivery_id
    delivery_decisions.arrived(home, home.store, ADMIN, lost, now=NOW)
    assert states(home) == ["sent", "sent"]
    with pytest.raises(InvalidDelivery):
        delivery_decisions.arrived(home, home.store, ADMIN, lost, now=NOW)


def test_a_robot_is_asked_no_more_than_twenty_times_a_minute(home, group):
    target(home, "robot", KEY, most_per_hour=100)
    robot = {"robot": Robot(Poster({"127.0.0.1"}), group.base)}
    say(home, *(str(n) for n in range(25)))
    assert passed(home, **robot) == (20, 0)
    assert passed(home, NOW + timedelta(seconds=30), **robot) == (0, 0)
    group.now = NOW + timedelta(seconds=61)
    assert passed(home, group.now, **robot) == (5, 0)
    assert (group.calls, len(group.texts)) == (25, 25)


class Killed(BaseException):
    """Ends a worker where it stands."""


@dataclass
class Deadly:
    """Dies before or after the message has left."""

    sender: object
    is_after: bool
    most_per_minute: int | None = None

    @property
    def is_repeatable(self):
        return self.sender.is_repeatable

    def send(self, to, message, now):
        if self.is_after:
            self.sender.send(to, message, now)
        raise Killed


@pytest.mark.parametrize("is_after", [False, True])
def test_a_webhook_of_a_worker_that_died_is_sent_again_and_known_by_its_receiver(either, hook, is_after):
    hooked(either, hook)
    say(either, "a")
    with pytest.raises(Killed):
        passed(either, webhook=Deadly(Webhook(Poster({"127.0.0.1"})), is_after))
    assert states(either) == ["sending"]
    assert passed(either, NOW + MINUTE) == (0, 0)
    assert at(hook, either, NOW + timedelta(minutes=6)) == (1, 0)
    assert (len(hook.taken), hook.repeats, states(either)) == (1, int(is_after), ["sent"])


@pytest.mark.parametrize("is_after", [False, True])
def test_a_robots_message_of_a_worker_that_died_is_left_to_a_person(home, group, is_after):
    target(home, "robot", KEY)
    robot = Robot(Poster({"127.0.0.1"}), group.base)
    say(home, "a")
    with pytest.raises(Killed):
        passed(home, robot=Deadly(robot, is_after))
    assert passed(home, NOW + timedelta(minutes=6), robot=robot) == (0, 0)
    assert (len(group.texts), states(home)) == (int(is_after), ["unknown"])


def test_a_message_that_kills_every_worker_is_given_up(home, hook):
    hooked(home, hook)
    say(home, "a")
    when = NOW
    for _ in range(MOST_TRIES):
        with pytest.raises(Killed):
            passed(home, when, webhook=Deadly(Webhook(Poster()), is_after=False))
        when += timedelta(minutes=6)
    assert at(hook, home, when) == (0, 0)
    assert (states(home), hook.requests) == (["failed"], [])


def test_workers_that_run_at_once_send_each_message_once_and_keep_the_cap(either, hook):
    hooked(either, hook, most_per_hour=16)
    say(either, *(str(n) for n in range(20)), urgency="high")
    gate = Barrier(3)

    def work(_):
        gate.wait(30)
        return passed(either)[0]

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 16
    assert (len(hook.requests), hook.repeats) == (16, 0)
    at(hook, either, NOW + 2 * HOUR)
    assert sorted(map(int, chain.from_iterable(rules(hook)))) == list(range(20))


def test_a_target_that_is_switched_off_or_removed_gets_nothing_more_and_its_log_stays(either, hook):
    one = hooked(either, hook, digest_minutes=30)
    say(either, "a")
    passed(either)
    notice_targets.remove(either, either.store, ADMIN, one, revision=1, now=NOW)
    say(either, "b")
    assert at(hook, either, NOW + HOUR) == (0, 0)
    (delivery,) = asked.log(either, ADMIN)
    assert (delivery.state, delivery.target, hook.requests) == ("cancelled", "t", [])
    assert asked.targets(either, ADMIN) == []


def test_without_a_mail_server_e_mail_waits(home):
    target(home, "email", LIN)
    say(home, "a")
    assert passed(home) == (0, 0)
    assert states(home) == ["queued"]


def test_only_an_administrator_of_the_whole_house_sees_the_log_and_decides(home):
    for who in (Operator(2, "mei", "manager"), Operator(3, "lin", "analyst")):
        for do in (
            lambda who: asked.log(home, who),
            lambda who: asked.targets(home, who),
            lambda who: delivery_decisions.again(home, home.store, who, 1, now=NOW),
        ):
            with pytest.raises(Forbidden):
                do(who)
    assert asked.log(home, SYSTEM) == []


@dataclass
class Noted:
    """Takes everything, and notes when."""

    is_repeatable: bool = True
    most_per_minute: int | None = None
    taken: list[tuple[datetime, tuple[str, ...]]] = field(default_factory=list)

    def send(self, _to, message, now):
        self.taken.append((now, tuple(one["key"] for one in message.data["notices"])))


@pytest.fixture(scope="module")
def plain_home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    store = Store(f"sqlite:///{folder / 'store.db'}", audit_key=b"k" * 32)
    store.migrate()
    yield house(folder, store)
    store.close()


SAID = st.lists(st.tuples(st.integers(0, 90), st.sampled_from(["low", "normal", "high"])), min_size=1, max_size=25)
_numbers = iter(range(10**9))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=SAID, cap=st.integers(1, 9), digest_minutes=st.sampled_from([0, 20]))
def test_whatever_is_said_everything_is_told_once_and_no_hour_has_more_than_the_cap(
    plain_home, said, cap, digest_minutes
):
    noted, mark = Noted(), next(_numbers)
    one = target(
        plain_home, "robot", KEY, f"t{mark}", least_urgency="low", most_per_hour=cap, digest_minutes=digest_minutes
    )
    senders = {"robot": noted}
    for minute in [*range(0, 100, 10), *range(100, 1000, 61)]:
        when = NOW + timedelta(minutes=minute)
        for number, (asks, urgency) in enumerate(said):
            if minute - 10 < asks <= minute:
                say(plain_home, f"{mark}:{number}", urgency=urgency, now=when)
        deliver(plain_home, senders, when)
    told = [key for _, keys in noted.taken for key in keys]
    assert sorted(told) == sorted(f"{mark}:{number}" for number in range(len(said)))
    for when, _ in noted.taken:
        assert sum(when - HOUR < other <= when for other, _ in noted.taken) <= cap
    notice_targets.remove(plain_home, plain_home.store, ADMIN, one, revision=1, now=NOW)
