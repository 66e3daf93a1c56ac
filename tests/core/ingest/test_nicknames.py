"""Nicknames: told by a file of profiles, kept encrypted, read by messages, and never in the lake."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from core.campaigns.body import Body, Content, Variant
from core.errors import Cancelled, Forbidden, InvalidDecision, Unknown
from core.privacy.pseudonyms import key_of, mac_text
from core.scope import SYSTEM, Operator, Scope
from core.store.tables import AuditEntry, ProfileField
from core.work import disclosures, nicknames
from core.work.campaigns.texts import rendering
from core.work.ingest import batches, importing, preview, rejects
from core.work.ingest.guess import Sample, guess
from core.work.questions import references
from tests import lakes
from tests.bringing import NOW, bring, counts, mapping

BY = mapping(
    "member_profiles",
    columns={"joined_at": "joined", "unit_id": "unit", "nickname": "nick"},
    identities={"phone": "tel"},
    optional=["unit"],
)
BODY = Body(segments=(1,), channels=("sms",), variants=(Variant("A", 1, {"sms": Content("{{nickname|亲}}，您好")}),))
ODD = "云深不知处的茶客"


@pytest.fixture
def home(tmp_path, store):
    references.forget()
    return replace(lakes.home(tmp_path), store=store)


def phone(number):
    return f"138001380{number:02d}"


def key(home, number):
    return key_of(mac_text(home.keys, "phone", "", phone(number)))


def file(nicks, joined="2026-01-01"):
    """``nicks``: pairs of a person's number and a cell."""
    return "tel,joined,nick\n" + "".join(f'{phone(who)},{joined},"{nick}"\n' for who, nick in nicks)


def member(home, number):
    with home.lake.open() as snapshot:
        rows = snapshot.arrow(snapshot.member_map()).to_pylist()
    return next(row["member_id"] for row in rows if row["identity_key"] == key(home, number))


def greeted(home, number, by=SYSTEM):
    """What the first word of a message to somebody would be."""
    said = rendering.preview(home, by, BODY, "A", "sms", member(home, number), NOW)
    return said.text.removesuffix("，您好")


def kept(home):
    with home.store.reading() as session:
        return session.scalar(select(func.count()).select_from(ProfileField))


def test_a_nickname_of_a_file_is_said_in_a_message_and_who_has_none_gets_the_default(home):
    bring(home, file([(1, "小满"), (2, ""), (3, "a" * 80), (4, "\u3164"), (5, " 晚\t 风 "), (6, "\u200b")]), BY)
    assert [greeted(home, who) for who in range(1, 7)] == ["小满", "亲", "a" * 60, "亲", "晚 风", "亲"]
    assert kept(home) == 3


def test_it_is_in_no_file_of_the_lake_nor_readable_anywhere_else(home, caplog):
    caplog.set_level(0)
    done = bring(home, file([(1, ODD), (2, ODD + "二")]) + f'x,soon,"{ODD}"\n', BY)
    bring(home, file([(1, ODD)]), BY)
    home.store.close()
    assert counts(done) == (3, 2, 0, 1)
    assert ODD in rejects.read(home, done.batch).decode(), "whoever may read rejects reads the row as it was"
    (home.settings.home / "file.csv").unlink()
    for path in home.settings.home.rglob("*"):
        if path.is_file():
            text = str(pq.read_table(path).to_pylist()).encode() if path.suffix == ".parquet" else path.read_bytes()
            assert ODD.encode() not in text, path
    assert ODD not in caplog.text
    with home.store.reading() as session:
        assert ODD not in "".join(str(entry.details) for entry in session.scalars(select(AuditEntry)))
        sealed = session.scalars(select(ProfileField.ciphertext)).all()
    assert len(sealed) == 2 and not any(ODD.encode() in one for one in sealed)


def test_of_several_rows_of_a_person_the_last_that_tells_one_counts(home):
    bring(home, file([(1, "先"), (1, "后"), (1, "")]), BY)
    assert greeted(home, 1) == "后"


def test_a_file_that_changes_nothing_but_nicknames_changes_them(home):
    assert counts(bring(home, file([(1, "旧"), (2, "在")]), BY)) == (2, 2, 0, 0)
    assert counts(bring(home, file([(1, "新"), (2, "")]), BY)) == (2, 0, 2, 0)
    assert [greeted(home, 1), greeted(home, 2)] == ["新", "在"]
    assert kept(home) == 2


def test_what_was_imported_last_is_read_over_any_history_of_imports_and_of_batches_taken_back(home):
    chance = random.Random(5)
    people, expected, done = range(1, 6), {}, []
    bring(home, file([(who, "") for who in people]), BY)
    for step in range(12):
        if done and chance.random() < 0.3:
            gone = done.pop(chance.randrange(len(done)))
            importing.rollback(home, gone, SYSTEM, now=NOW)
            expected = {who: one for who, one in expected.items() if one[0] != gone}
        else:
            told = {who: chance.choice(("", f"第{step}次{who}")) for who in people if chance.random() < 0.6}
            batch = bring(home, file(list(told.items()), joined=f"2026-02-{step + 1:02d}"), BY).batch
            done.append(batch)
            expected |= {who: (batch, nick) for who, nick in told.items() if nick}
        said = {who: greeted(home, who) for who in people}
        assert said == {who: expected[who][1] if who in expected else "亲" for who in people}, step


@pytest.mark.parametrize("stage", range(1, 6))
def test_an_import_that_is_cancelled_leaves_the_nicknames_that_were(home, stage):
    bring(home, file([(1, "旧")]), BY)
    asked = iter([False] * stage + [True] * 100)
    with pytest.raises(Cancelled):
        bring(home, file([(1, "新"), (2, "谁")], "2026-03-01"), BY, is_cancelled=lambda: next(asked))
    assert greeted(home, 1) == "旧"
    assert kept(home) == 1


def test_rows_of_a_batch_that_is_not_committed_are_read_by_nobody(home):
    seen = []
    bring(home, file([(1, "旧")]), BY)

    def look(stage, **_):
        if stage in ("identified", "committing", "committed"):
            seen.append((stage, kept(home), greeted(home, 1)))

    bring(home, file([(1, "新")], "2026-03-01"), BY, progress=look)
    assert [one[2] for one in seen] == ["旧"] * 3
    assert seen[-1][1] == 2, "it was there already"
    assert greeted(home, 1) == "新"


def test_a_rollback_erases_the_nicknames_of_its_batch_and_brings_none_back(home):
    first = bring(home, file([(1, "旧"), (2, "在")]), BY)
    second = bring(home, file([(1, "新"), (3, "来")], "2026-03-01"), BY)
    importing.rollback(home, second.batch, SYSTEM, now=NOW)
    assert [greeted(home, 1), greeted(home, 2)] == ["亲", "在"]
    importing.rollback(home, first.batch, SYSTEM, now=NOW)
    assert kept(home) == 0


def test_a_nickname_goes_with_the_identity_of_which_no_batch_speaks(home):
    first = bring(home, file([(1, "甲")]), BY)
    bring(home, file([(2, "乙")]), BY)
    assert counts(bring(home, file([(1, "丙"), (2, "丁")]), BY)) == (2, 0, 2, 0), "it tells the lake nothing of anybody"
    importing.rollback(home, first.batch, SYSTEM, now=NOW)
    assert kept(home) == 1 and greeted(home, 2) == "丁"


def test_of_a_person_who_is_called_two_things_the_one_that_was_told_last_is_said(home):
    cards = mapping("member_profiles", columns={"nickname": "nick"}, identities={"pos_card": "card"})
    both = mapping(identities={"pos_card": "who", "phone": "tel"})
    for order in ((1, 2), (2, 1)):
        card = f"C{order[0]}"
        bring(home, f"time,what,who,tel\n2026-01-01,a,{card},{phone(order[0])}\n", both)
        files = {
            1: lambda who=order[0]: bring(home, file([(who, "手机")]), BY),
            2: lambda card=card: bring(home, f"card,nick\n{card},卡片\n", cards),
        }
        for one in order:
            files[one]()
        assert greeted(home, order[0]) == {1: "手机", 2: "卡片"}[order[1]]


def test_a_preview_shows_it_masked_and_what_is_none_as_none(home):
    path = Path(home.settings.home / "people.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file([(1, "小满"), (2, "\u3164"), (3, "Lin Wei")]))
    seen = preview.preview(home, BY, path, now=NOW)
    assert [row["nickname"] for row in seen.rows] == ["小*", None, "L** W**"]
    assert (seen.taken, seen.rejected) == (3, 0)
    assert "nick" not in seen.unmapped


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        (("昵称",), "昵称"),
        (("微信昵称", "姓名"), "微信昵称"),
        (("nick_name", "name"), "nick_name"),
        (("Display Name",), "Display Name"),
        (("备注名", "昵称"), "昵称"),
        (("备注名",), "备注名"),
        (("姓名", "真实姓名", "收货人", "备注"), None),
    ],
)
def test_what_one_is_called_is_told_from_what_one_is_named_by_law(headers, taken):
    cells = {"手机号": ["13800138000"], "入会时间": ["2026-01-01"]} | {name: ["小满"] for name in headers}
    found = guess(Sample("会员.csv", cells)).mapping
    assert found.table == "member_profiles"
    assert found.columns.get("nickname") == (None if taken is None else (taken,))


def test_other_tables_have_no_nicknames():
    found = guess(Sample("o.csv", {"订单号": ["1"], "昵称": ["a"], "下单时间": ["2026-01-01"], "金额": ["3"]})).mapping
    assert found.table == "orders" and "nickname" not in found.columns


# -- shown to people -------------------------------------------------------------------------------------------------


def test_it_is_shown_masked_and_whole_only_for_a_reason_that_is_audited(home):
    text = f"tel,unit,nick\n{phone(1)},east,小满\n{phone(2)},west,大雪\n"
    bring(home, text, replace(BY, columns={"unit_id": ("unit",), "nickname": ("nick",)}))
    manager = Operator(2, "wu", "manager", Scope(frozenset({"east"})))
    here = key(home, 1)
    assert disclosures.nickname(home, manager, [here, 12345]) == (here, "小*")
    assert disclosures.nickname(home, manager, [12345]) is None
    for by, whom, error in (
        (manager, key(home, 2), Forbidden),
        (Operator(3, "he", "analyst"), here, Forbidden),
    ):
        with pytest.raises(error):
            disclosures.reveal_nickname(home, home.store, by, whom, reason="客户来电核对", now=NOW)
    with pytest.raises(InvalidDecision):
        disclosures.reveal_nickname(home, home.store, manager, here, reason=" ", now=NOW)
    with pytest.raises(Unknown):
        disclosures.reveal_nickname(home, home.store, SYSTEM, 12345, reason="客户来电核对", now=NOW)
    assert disclosures.reveal_nickname(home, home.store, manager, here, reason="客户来电核对", now=NOW) == "小满"
    with home.store.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "identity.revealed"))
    said = {"reason": "客户来电核对", "type": "nickname", "member": str(member(home, 1)), "world": "live"}
    assert (entry.actor, entry.object, entry.details) == ("wu", f"identity:{here}", said)


def test_a_nickname_is_one_printable_line_of_at_most_sixty_letters():
    for text in (" a  b ", "a\nb", "\u202eabc", "x" * 59 + "  y", "🍵", "\ud800", "\u115f", "  "):
        plain = nicknames.plain(text)
        assert plain.isprintable() and len(plain) <= 60 and plain == plain.strip() and "  " not in plain
        assert nicknames.plain(plain) == plain
    assert nicknames.plain("\u202eabc") == "abc"
    assert nicknames.plain("a\r\nb") == "a b"


def test_a_dead_batch_is_settled_with_its_nicknames(home):
    """The lake has it and the process died before the store knew; and one whose process died before the lake had it."""
    for stage, said in (("committed", "新"), ("identified", "亲")):
        text = file([(1 if stage == "committed" else 2, "新")])

        class Killed(BaseException):
            pass

        def progress(now, stage=stage, killed=Killed, **_):
            if now == stage:
                raise killed

        original, batches.fail = batches.fail, lambda *_a, **_k: None
        try:
            with pytest.raises(Killed):
                bring(home, text, BY, progress=progress)
        finally:
            batches.fail = original
        batches.reconcile(home, now=datetime.now(UTC))
        if stage == "committed":
            assert greeted(home, 1) == said
    assert kept(home) == 1
