"""XML from outside: read where it is harmless, refused by name where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders import markup
from core.senders.markup import InvalidMarkup


def refused(body):
    with pytest.raises(InvalidMarkup) as error:
        markup.read(body)
    return error.value.reason


def test_elements_are_read_with_their_text_and_what_is_inside():
    top = markup.read("<xml><A> <![CDATA[退订 <b>]]> </A><L><T>1</T></L><L><T>2&amp;</T></L></xml>".encode())
    assert (top.name, top.value("A"), top.value("B")) == ("xml", "退订 <b>", "")
    assert [one.value("T") for one in top.every("L")] == ["1", "2&"]
    assert top.every("L", "X") == []


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (LAUGHS.encode(), "type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "type"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "type"),
        (b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]><x/>', "type"),
        (b"<!DOCTYPE x><x/>", "type"),
        (b"<x>&e;</x>", "form"),
        (b"", "form"),
        (b"<x>", "form"),
        (b"<x/><x/>", "form"),
        ("<x>字</x>".encode("utf-16"), "form"),
        (b'<?xml-stylesheet href="x"?><x/>', "type"),
        (b"<x>\xff</x>", "form"),
        (b"<x>" * 9 + b"</x>" * 9, "depth"),
        (b"<x>" + b"<y/>" * 20_001 + b"</x>", "depth"),
        (b"<x>" + b"a" * 1024 * 1024 + b"</x>", "size"),
    ],
)
def test_what_is_dangerous_or_no_xml_is_refused_by_name(body, reason):
    assert refused(body) == reason


@given(st.binary(max_size=200) | st.text(alphabet="<>x/!&;[] \"'=DOCTYPE", max_size=80).map(str.encode))
def test_whatever_arrives_is_read_or_refused(body):
    try:
        assert isinstance(markup.read(body).name, str)
    except InvalidMarkup as error:
        assert error.reason in ("size", "form", "type", "depth")
