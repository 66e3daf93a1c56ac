"""Addresses that people type, held against what must never be asked from inside the house."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders import addresses
from core.senders.addresses import InvalidWeb, is_mail, is_public
from core.senders.sender import Gone, Temporary


def refused(text: str, *inner: str) -> str:
    with pytest.raises(InvalidWeb) as error:
        addresses.web(text, inner)
    return error.value.reason


def test_a_public_address_of_https_is_taken_in_its_parts():
    found = addresses.web("https://Hooks.Example.com/in/1?token=a%20b")
    assert (found.is_https, found.host, found.port, found.target) == (
        True,
        "hooks.example.com",
        443,
        "/in/1?token=a%20b",
    )
    assert found.said_host == "hooks.example.com"
    assert addresses.web("https://example.com").target == "/"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://example.com/", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:6379/_x", "scheme"),
        ("https://example.com:8443/", "port"),
        ("https://example.com:22/", "port"),
        ("https://user@example.com/", "user"),
        ("https://user:word@example.com/", "user"),
        ("https://@example.com/", "user"),
        ("https://127.0.0.1/", "private"),
        ("https://10.1.2.3/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "private"),
        ("https://100.64.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:127.0.0.1]/", "private"),
        ("https://[fd00::1]/", "private"),
        ("https:///x", "address"),
        ("https://", "address"),
        ("https://example.com/#x", "address"),
        ("https://example.com/a b", "address"),
        ("https://example.com/\r\nHost: other", "address"),
        ("https://example.com\\@127.0.0.1/", "address"),
        ("https://exámple.com/", "address"),
        ("https://example.com:99999/", "address"),
        ("https://[::1", "address"),
        ("https://example.com/" + "a" * 2000, "address"),
        ("", "address"),
    ],
)
def test_anything_else_is_refused_by_name(text, reason):
    assert refused(text) == reason


def test_hosts_that_the_house_named_are_free_with_and_without_their_port():
    assert not addresses.web("http://inner:8080/x", {"inner"}).is_https
    assert addresses.web("http://127.0.0.1:8080/x", {"127.0.0.1:8080"}).said_host == "127.0.0.1:8080"
    assert refused("http://127.0.0.1:8081/x", "127.0.0.1:8080") == "scheme"
    assert refused("file://inner/x", "inner") == "scheme"


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"])
def test_an_odd_spelling_of_the_house_itself_is_refused_at_once(host):
    assert refused(f"https://{host}/") == "private"


def test_a_name_that_leads_into_the_house_is_refused_when_it_is_looked_up(monkeypatch):
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_args, **_more: inside)
    with pytest.raises(Gone) as error:
        addresses.resolved(addresses.web("https://inner.example/"))
    assert error.value.code == "address.private"


def test_one_private_answer_among_public_ones_is_enough_to_refuse(monkeypatch):
    def answers(*told):
        return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in told]

    web = addresses.web("https://example.com/")
    monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34", "10.0.0.1"))
    with pytest.raises(Gone):
        addresses.resolved(web)
    monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34", "93.184.216.35"))
    assert addresses.resolved(web) == "93.184.216.34"
    monkeypatch.setattr(socket, "getaddrinfo", answers())
    with pytest.raises(Temporary):
        addresses.resolved(web)


@pytest.mark.parametrize(
    "inside",
    ["0.0.0.0", "127.0.0.2", "192.168.1.1", "172.16.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1",
     "::ffff:10.0.0.1", "2002:7f00:1::", "2002:0a00:0001::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1"],
)  # fmt: skip
def test_what_is_not_of_the_open_internet_is_not_public_however_it_is_written(inside):
    assert not is_public(ipaddress.ip_address(inside))


@pytest.mark.parametrize(
    "outside", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_open_internet_are_public(outside):
    assert is_public(ipaddress.ip_address(outside))


@given(st.ip_addresses(v=4))
def test_an_old_address_is_as_public_inside_a_new_one_as_by_itself(address):
    mapped = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    gateway = ipaddress.IPv6Address(ipaddress.ip_address("64:ff9b::").packed[:12] + address.packed)
    assert is_public(mapped) == is_public(gateway) == is_public(address)
    assert not (is_public(address) and address.is_private)


@pytest.mark.parametrize("text", ["lin@example.com", "a.b+c@sub.example.com", "root@localhost"])
def test_one_address_of_e_mail_is_one(text):
    assert is_mail(text)


@pytest.mark.parametrize(
    "text",
    ["", "lin", "lin@", "@example.com", "lin@example.com\r\nBcc: all@example.com", "lin@example.com\n", "a@example.com,b@example.com",
     "Lin <lin@example.com>", "lin@exa mple.com", "a..b@example.com", "林@example.com", "a@" + "b" * 300 + ".com"],
)  # fmt: skip
def test_anything_else_is_no_address_of_e_mail(text):
    assert not is_mail(text)
