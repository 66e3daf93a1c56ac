"""Signed webhooks over real sockets, held against a receiver that follows the text of the specification."""

import http.client
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from core.senders import webhook
from core.senders.posting import Poster
from core.senders.sender import Destination, Gone, Message, Permanent, Temporary, Uncertain
from core.senders.webhook import Webhook, new_secret
from tests.fakes.certificates import trust
from tests.fakes.hooks import receiving
from tests.fakes.serving import Reply

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
OLD, NEW = "whsec_" + "b2xk" * 10, "whsec_" + "bmV3" * 10
MESSAGE = Message("msg_1", "warning.raised", "风险预警", "风险预警\n数值：3.1%", NOW, {"world": "live"})
INNER = {"127.0.0.1"}


@pytest.fixture
def hook():
    with receiving(NOW, OLD) as hook:
        yield hook


def send(hook, *secrets, now=NOW, message=MESSAGE, poster=None):
    Webhook(poster or Poster(INNER)).send(Destination(hook.address, secrets or (OLD,)), message, now)


def test_the_signature_is_that_of_the_specification():
    """Its published example."""
    secret, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "1614265330"
    told = webhook.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', secret)
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_arrives_signed_and_whole(hook):
    send(hook)
    assert hook.taken == [
        {
            "type": "warning.raised",
            "timestamp": "2026-11-20T01:02:03Z",
            "data": {"title": "风险预警", "text": "风险预警\n数值：3.1%", "world": "live"},
        }
    ]
    request = hook.requests[0]
    assert request.path == "/hook?token=hush"
    assert request.headers["host"] == urlsplit(hook.address).netloc
    assert request.headers["webhook-id"] == "msg_1"


def test_the_same_message_again_is_the_same_to_its_receiver_and_signed_anew(hook):
    send(hook)
    hook.now = NOW + timedelta(hours=2)
    send(hook, now=hook.now)
    assert (len(hook.taken), hook.repeats) == (1, 1)
    times = [one.headers["webhook-timestamp"] for one in hook.requests]
    assert int(times[1]) - int(times[0]) == 7200


def test_a_message_that_somebody_kept_and_sends_again_is_refused(hook):
    send(hook)
    hook.now = NOW + timedelta(seconds=301)
    kept = hook.requests[0]

    def replay(**changed):
        connection = http.client.HTTPConnection(urlsplit(hook.address).netloc, timeout=10)
        connection.request("POST", kept.path, kept.body, dict(kept.headers) | changed)
        status = connection.getresponse().status
        connection.close()
        return status

    fresh = str(int(hook.now.timestamp()))
    assert [replay(), replay(**{"webhook-timestamp": fresh})] == [400, 400]
    assert hook.refused == ["time", "signature"]


def test_a_receiver_may_believe_the_old_secret_or_the_new_one_while_they_change(hook):
    send(hook, NEW, OLD)
    hook.secrets = [NEW]
    send(hook, NEW, OLD, message=Message("msg_2", "test", "t", "t", NOW))
    with pytest.raises(Permanent):
        send(hook, OLD, message=Message("msg_3", "test", "t", "t", NOW))
    assert (hook.ids, hook.refused) == (["msg_1", "msg_2"], ["signature"])


@pytest.mark.parametrize(
    ("reply", "kind", "code", "after_s"),
    [
        (Reply(400), Permanent, "http.400", None),
        (Reply(401), Permanent, "http.401", None),
        (Reply(404), Permanent, "http.404", None),
        (Reply(410), Gone, "http.410", None),
        (Reply(408), Temporary, "http.408", None),
        (Reply(429, headers=(("Retry-After", "120"),)), Temporary, "http.429", 120.0),
        (Reply(500), Temporary, "http.500", None),
        (Reply(503, headers=(("Retry-After", "Fri, 20 Nov 2026 01:03:03 GMT"),)), Temporary, "http.503", 60.0),
        (Reply(503, headers=(("Retry-After", "Fri, 20 Nov 2026 01:01:03 GMT"),)), Temporary, "http.503", 0.0),
        (Reply(503, headers=(("Retry-After", "99999999"),)), Temporary, "http.503", 86400.0),
        (Reply(503, headers=(("Retry-After", "soon"),)), Temporary, "http.503", None),
        (Reply(is_lost=True), Uncertain, "http.lost", None),
    ],
)
def test_what_the_receiver_answers_says_whether_it_is_worth_trying_again(hook, reply, kind, code, after_s):
    hook.script = [reply]
    with pytest.raises(kind) as error:
        send(hook)
    assert type(error.value) is kind
    assert (error.value.code, getattr(error.value, "after_s", None)) == (code, after_s)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(hook, status):
    hook.script = [Reply(status, headers=(("Location", hook.address + "&there"),))]
    with pytest.raises(Permanent):
        send(hook)
    assert (len(hook.requests), hook.taken) == (1, [])


def test_an_endless_answer_is_read_no_further_than_its_limit(hook):
    hook.script = [Reply(200, b"x" * 5_000_000)]
    send(hook)
    assert Poster(INNER).post(hook.address, b"", {}, NOW).body == b""


def test_nobody_there_is_worth_trying_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(Temporary) as error:
            Poster(INNER).post(address, b"", {}, NOW)
    assert error.value.code == "http.unreachable"


def test_a_receiver_that_says_a_letter_a_second_is_left_when_the_time_is_over():
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            caller, _ = server.accept()
            with caller:
                while not over.wait(0.05):
                    try:
                        caller.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(Uncertain):
            Poster(INNER, within_s=0.4).post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"", {}, NOW)
        assert time.monotonic() - began < 3
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://127.0.0.1:1/", "address.scheme"),
        ("https://127.0.0.1/", "address.private"),
        ("https://localhost/", "address.private"),
        ("https://[::1]/", "address.private"),
        ("https://169.254.169.254/latest/meta-data/", "address.private"),
        ("https://2130706433/", "address.private"),
        ("file:///etc/passwd", "address.scheme"),
    ],
)
def test_nothing_inside_the_house_is_asked_unless_the_house_named_it(hook, address, code):
    with pytest.raises(Gone) as error:
        Webhook(Poster()).send(Destination(address, (OLD,)), MESSAGE, NOW)
    assert (error.value.code, hook.requests) == (code, [])


def test_a_name_is_looked_up_once_and_what_was_looked_at_is_asked(hook, monkeypatch):
    """A second answer of the name server, which might lead into the house, is never heard."""
    look_up, asked = socket.getaddrinfo, []

    def once(host, *more, **named):
        asked.append(host)
        return look_up("127.0.0.1" if host == "hook.example" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    port = urlsplit(hook.address).port
    Poster({"hook.example"}).post(f"http://hook.example:{port}/x", b"{}", {}, NOW)
    assert asked == ["hook.example", "127.0.0.1"]
    assert hook.requests[0].headers["host"] == f"hook.example:{port}"


def test_https_is_believed_only_with_a_certificate_that_somebody_known_vouches_for(tmp_path):
    made = trust(tmp_path)
    with receiving(NOW, OLD, context=made.server) as hook:
        with pytest.raises(Temporary) as error:
            send(hook, poster=Poster(INNER, made.stranger))
        assert error.value.code == "http.certificate"
        send(hook, poster=Poster(INNER, made.believer))
        assert hook.ids == ["msg_1"]


def test_no_secret_and_no_address_stands_in_what_is_printed():
    told = repr(Destination("https://example.com/token", (OLD,))) + str(Temporary("http.503"))
    assert "token" not in told
    assert OLD not in told


def test_a_new_secret_is_one_and_what_is_none_is_refused():
    assert len(webhook.opened(new_secret())) == 32
    assert new_secret() != new_secret()
    for wrong in ("b2xk" * 10, "whsec_", "whsec_b2xk", "whsec_!!!!" * 8, "whsec_" + "b2xk" * 30):
        with pytest.raises(ValueError, match=r"secret|base64"):
            webhook.opened(wrong)
