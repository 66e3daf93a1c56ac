"""Nicknames of the demo's members: the same for the same seed, some odd, a sixth without."""

from pathlib import Path

import pyarrow as pa
import pytest

from core import schema
from core.campaigns.body import Body, Content, Variant
from core.privacy.vault import Vault, profile_label
from core.scope import SYSTEM
from core.store import profile_fields
from core.work.campaigns.texts import rendering
from core.work.home import Home
from tests.core.demo.conftest import NOW, Filled, fill

BODY = Body(segments=(1,), channels=("sms",), variants=(Variant("A", 1, {"sms": Content("{{nickname|亲}}")}),))


def called(home: Home) -> dict[int, str]:
    with home.store.reading() as session:
        keys = profile_fields.holders(session, "nickname").tolist()
        told = profile_fields.told(session, "nickname", keys)
    vault = Vault(home.keys)
    return {key: vault.open(one.ciphertext, profile_label(key, "nickname")) for key, one in told.items()}


def test_a_member_is_called_one_thing_and_about_a_sixth_are_called_nothing(filled: Filled) -> None:
    names = called(filled.home)
    profiles = filled.rows("member_profiles")
    assert set(names) <= set(profiles.identity_key)
    named = profiles.assign(name=profiles.identity_key.map(names)).groupby("member").name
    assert named.count().eq(0).mean() == pytest.approx(1 / 6, abs=0.04)
    several = named.nunique()
    assert (several > 1).mean() < 0.02, "but for those of whom one-id makes one without their being one"
    assert all(name.isprintable() and 0 < len(name) <= 60 for name in names.values())
    assert max(map(len, names.values())) == 60
    assert any(ord(letter) > 0xFFFF for name in names.values() for letter in name), "some have emoji"


def test_the_same_seed_gives_the_same_nicknames(filled: Filled, tmp_path: Path) -> None:
    again = fill(tmp_path)
    assert called(again) == called(filled.home)
    again.store.close()


def test_messages_to_members_say_their_nickname_or_the_default(filled: Filled) -> None:
    names, profiles = called(filled.home), filled.rows("member_profiles")
    alone = profiles[~profiles.member.duplicated(keep=False)]
    has = alone.identity_key.isin(list(names))
    for rows in (alone[has].head(3), alone[~has].head(3)):
        assert len(rows) == 3
        for row in rows.itertuples():
            said = rendering.preview(filled.home, SYSTEM, BODY, "A", "sms", int(row.member), NOW)
            assert said.text == names.get(row.identity_key, "亲")


def test_no_nickname_is_in_the_lake(filled: Filled) -> None:
    long = next(name for name in called(filled.home).values() if len(name) == 60)
    with filled.home.lake.open() as snapshot:
        for table in schema.TABLES:
            rows: pa.Table = snapshot.arrow(snapshot.table(table))
            texts = [name for name in rows.column_names if pa.types.is_string(rows[name].type)]
            assert not any(long in (text or "") for name in texts for text in rows[name].to_pylist()), table
