"""Covers of mini-programs' cards, through the connector that is on: who may upload, what is refused, and how long one is kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import Forbidden, Unknown
from core.scope import Operator, Scope
from core.store.tables import AuditEntry
from core.work.campaigns import drafts
from core.work.campaigns.texts import covers
from core.work.campaigns.texts.covers import InvalidCover
from tests.core.work.connector_parts import add
from tests.core.work.notice_parts import NOW, house
from tests.core.work.people import NORTH
from tests.fakes.wecom import UPLOAD, working

LIN = Operator(1, "lin", "manager")
MEI = Operator(2, "mei", "manager", Scope(frozenset({NORTH})))
BOSS = Operator(3, "boss", "executive")
PNG = b"\x89PNG\r\n\x1a\n" + b"cover"


@pytest.fixture
def corp():
    with working(NOW) as corp:
        yield corp


@pytest.fixture
def home(tmp_path, store):
    return house(tmp_path, store)


@pytest.fixture
def draft(home):
    return drafts.create(home, home.store, LIN, "tea", now=NOW)


def upload(home, draft, content=PNG, who=LIN):
    return covers.upload(home, home.store, who, draft, content, now=NOW)


def refused(home, draft, content=PNG):
    with pytest.raises(InvalidCover) as error:
        upload(home, draft, content)
    return error.value.details


def test_a_cover_goes_to_the_wecom_that_is_on_and_is_written_down_without_what_it_is_called(home, draft, corp):
    add(home, "wecom", is_on=True, gateway=corp.base)
    done = upload(home, draft)
    assert corp.media[done.media_id][0] == PNG
    assert done.until == NOW.replace(microsecond=0) + timedelta(days=3)
    with home.store.reading() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc())).first()
    assert (last.action, last.object) == ("campaign.cover_uploaded", f"campaign:{draft}")
    assert last.details == {"bytes": len(PNG), "until": done.until.isoformat(), "world": home.world}


def test_without_a_wecom_that_is_on_there_is_no_way(home, draft, corp):
    assert refused(home, draft)["reason"] == "way"
    add(home, "wecom", gateway=corp.base)
    assert refused(home, draft)["reason"] == "way"
    assert corp.calls[UPLOAD] == 0


def test_what_is_no_picture_never_leaves_the_house_and_what_the_platform_said_is_told_by_its_code(home, draft, corp):
    add(home, "wecom", is_on=True, gateway=corp.base)
    assert [refused(home, draft, one)["reason"] for one in (b"", b"GIF89a..", PNG + bytes(2 << 20))] == [
        "empty",
        "kind",
        "long",
    ]
    assert corp.calls[UPLOAD] == 0
    corp.errcodes[UPLOAD] = [48002]
    assert refused(home, draft)["why"] == "wecom.48002"


def test_only_those_who_write_campaigns_upload_and_only_for_those_of_their_units(home, draft):
    with pytest.raises(Forbidden):
        upload(home, draft, who=BOSS)
    with pytest.raises(Forbidden):
        upload(home, draft, who=MEI)
    with pytest.raises(Unknown):
        upload(home, 99)
