"""Where the app listens."""

import socket

import pytest

from core.__main__ import main
from core.errors import InvalidAddress
from core.work import starting


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_was_asked_for_is_had_or_refused(taken):
    with pytest.raises(InvalidAddress) as refused:
        starting.free_port("127.0.0.1", taken)
    assert refused.value.details["port"] == taken


def test_without_a_wish_the_first_free_port_is_had():
    port = starting.free_port("127.0.0.1")
    assert starting.FIRST_PORT <= port <= starting.LAST_PORT
    assert starting.free_port("0.0.0.0", port) == port


@pytest.mark.parametrize(("address", "port"), [("203.0.113.7", 8501), ("127.0.0.1", 70_000)])
def test_an_address_that_is_not_ours_and_a_port_that_is_none_are_refused(address, port):
    with pytest.raises(InvalidAddress):
        starting.free_port(address, port)


def test_the_command_says_in_one_line_that_the_port_is_taken(taken, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SIYU_HOME", str(tmp_path))
    (tmp_path / "demo.removed").touch()
    assert main(["start", "--port", str(taken)]) == 2
    assert f"Port {taken} of 127.0.0.1" in capsys.readouterr().err.splitlines()[-1]
