"""What an import promises: whole or not at all, once or never, counted to the row."""

import csv
import io
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from core.errors import Cancelled, Forbidden, InvalidBatch, InvalidMapping, Unknown, Unreadable, WrongKey
from core.lake import writer
from core.lake.manifest import FOLDER
from core.scope import Operator
from core.store import audit
from core.store.tables import AuditEntry, Batch, IdentityValue
from core.work.home import Home
from core.work.ingest import batches, importing, rejects, workplace
from tests.bringing import NOW, bring, counts, facts, failing_disk, mapping, order_lines

ANALYST = Operator(7, "lin", "analyst")
MANAGER = Operator(8, "wu", "manager")
EVENTS = "time,what,who\n2026-01-01 10:00:00,view,u1\n2026-01-01 11:00:00,buy,u2\n"


def batch(home: Home, batch_id: int) -> Batch:
    with home.store.reading() as session:
        return batches.get(session, batch_id)


def actions(home: Home) -> list[str]:
    with home.store.reading() as session:
        assert audit.verify(session) == []
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.sequence)))


# -- once ------------------------------------------------------------------------------------------------------------


def test_a_batch_says_what_became_of_every_row(home: Home) -> None:
    text = (
        EVENTS
        + "2026-01-01 10:00:00,view,u1\nsoon,view,u1\n2027-01-01,view,u1\n,view,u1\n2026-01-01,,u1\n1969-12-31,,\n"
    )
    done = bring(home, text, mapping())
    assert counts(done) == (8, 2, 1, 5)
    row = batch(home, done.batch)
    assert (row.state, row.read_count, row.accepted_count, row.duplicate_count, row.rejected_count, row.lake_version) == (
        "committed", 8, 2, 1, 5, 1,
    )  # fmt: skip
    assert list(csv.reader(io.StringIO(rejects.read(home, done.batch).decode()))) == [
        ["_row", "_reason", "time", "what", "who"],
        ["4", "time.unreadable", "soon", "view", "u1"],
        ["5", "time.future", "2027-01-01", "view", "u1"],
        ["6", "time.missing", "", "view", "u1"],
        ["7", "value.missing:name", "2026-01-01", "", "u1"],
        ["8", "time.too_early; value.missing:name", "1969-12-31", "", ""],
    ]
    assert actions(home) == ["import.started", "import.committed"]


def test_the_last_moment_is_taken_and_the_next_is_the_future(home: Home) -> None:
    now = datetime(2026, 1, 1, 2, tzinfo=UTC)  # 10:00 in Shanghai
    done = bring(home, "time,what,who\n2026-01-01 10:00:00,a,u\n2026-01-01 10:00:00.000001,b,u\n", mapping(), now=now)
    assert counts(done) == (2, 1, 0, 1)


def test_the_same_file_again_changes_nothing(home: Home) -> None:
    bring(home, EVENTS, mapping())
    before = home.lake.manifests.latest()
    assert counts(bring(home, EVENTS, mapping())) == (2, 0, 2, 0)
    assert home.lake.manifests.latest() == before


def test_a_longer_file_adds_only_what_is_new(home: Home) -> None:
    bring(home, EVENTS, mapping())
    assert counts(bring(home, EVENTS + "2026-01-01 12:00:00,view,u3\n", mapping())) == (3, 1, 2, 0)


def test_equal_order_lines_of_one_file_are_real_and_stay_so_when_it_comes_again(home: Home) -> None:
    text = "no,time,sku,qty,price,who\n" + "A,2026-01-01,s,1,2,c\n" * 3
    assert counts(bring(home, text, order_lines())) == (3, 3, 0, 0)
    assert counts(bring(home, text + "A,2026-01-01,s,1,2,c\n", order_lines())) == (4, 1, 3, 0)


def test_rejected_rows_once_fixed_come_in_and_the_file_as_a_whole_is_then_complete(home: Home) -> None:
    text = EVENTS + '2026-13-01,"=1+1, ""x""",\tu3\n'
    first = bring(home, text, mapping())
    assert first.rejected == 1
    downloaded = rejects.download(home, first.batch, ANALYST, now=NOW)
    assert downloaded.decode() == '_row,_reason,time,what,who\n3,time.unreadable,2026-13-01,"\'=1+1, ""x""",\'\tu3\n'
    fixed = bring(
        home, downloaded.replace(b"2026-13-01", b"2026-12-01").replace(b"2026-12-01", b"2026-10-01"), mapping()
    )
    assert counts(fixed) == (1, 1, 0, 0)
    assert facts(home, "events", "name")[-1] == ('=1+1, "x"',)


# -- not at all ------------------------------------------------------------------------------------------------------


def test_a_refused_file_leaves_a_failed_batch_and_nothing_else(home: Home) -> None:
    with pytest.raises(Unreadable):
        bring(home, b"", mapping())
    with pytest.raises(InvalidMapping):
        bring(home, "a,b\n1,2\n", mapping())
    assert [(batch(home, n).state, batch(home, n).error_code) for n in (1, 2)] == [
        ("failed", "file.unreadable"),
        ("failed", "mapping.invalid"),
    ]
    assert home.lake.manifests.latest().version == 0


@pytest.mark.parametrize("stage", range(6))
@pytest.mark.some(3)
def test_an_import_cancelled_at_any_stage_imports_nothing(home: Home, stage: int) -> None:
    asked = iter([False] * stage + [True] * 100)
    with pytest.raises(Cancelled):
        bring(home, EVENTS + "soon,x,y\n", mapping(), is_cancelled=lambda: next(asked))
    assert batch(home, 1).state == "cancelled"
    assert home.lake.manifests.latest().version == 0
    assert not rejects.path(home, 1).exists()
    assert counts(bring(home, EVENTS, mapping())) == (2, 2, 0, 0)


def test_who_may_not_write_sources_may_not_import_or_roll_back_or_download(home: Home) -> None:
    done = bring(home, EVENTS + "soon,x,y\n", mapping())
    with pytest.raises(Forbidden):
        bring(home, EVENTS, mapping(), operator=MANAGER)
    with pytest.raises(Forbidden):
        importing.rollback(home, done.batch, MANAGER, now=NOW)
    with pytest.raises(Forbidden):
        rejects.download(home, done.batch, MANAGER, now=NOW)


def test_a_mapping_is_only_for_its_own_table(home: Home) -> None:
    with pytest.raises(InvalidMapping, match="is for events, not for orders"):
        importing.import_file(
            home, home.settings.home / "x.csv", "orders", mapping(), operator=ANALYST, now=NOW, is_named=True
        )


# -- rollback and crash ----------------------------------------------------------------------------------------------


def test_a_rollback_takes_back_rows_and_persons_and_lets_the_file_come_again(home: Home) -> None:
    first = bring(home, EVENTS, mapping())
    second = bring(home, "time,what,who\n2026-02-01,view,u3\n", mapping())
    assert importing.rollback(home, second.batch, ANALYST, now=NOW) >= 1
    assert facts(home, "events", "batch_id") == [(first.batch,)] * 2
    with home.lake.open() as snapshot:
        assert snapshot.value(snapshot.member_map().count()) == 2
    assert batch(home, second.batch).state == "rolled_back"
    with pytest.raises(InvalidBatch):
        importing.rollback(home, second.batch, ANALYST, now=NOW)
    assert counts(bring(home, "time,what,who\n2026-02-01,view,u3\n", mapping())) == (1, 1, 0, 0)


def die_at(home: Home, stage: str) -> int:
    """An import that stops at a stage the way a killed process does: nothing after it runs, the store still says running."""

    class Killed(BaseException):
        pass

    def progress(said: str, **_: int) -> None:
        if said == stage:
            raise Killed

    kept: dict[str, Any] = {}
    original = batches.fail
    batches.fail = lambda *_a, **_k: kept.setdefault("failed", True)  # type: ignore[assignment]
    try:
        with pytest.raises(Killed):
            bring(home, EVENTS + "soon,x,y\n", mapping(), progress=progress)
    finally:
        batches.fail = original
    with home.store.reading() as session:
        return session.scalars(select(Batch.id).order_by(Batch.id.desc())).first() or 0


@pytest.mark.parametrize("stage", ["staged", "merged", "committing"])
def test_a_batch_that_died_before_its_commit_is_settled_as_failed(home: Home, stage: str) -> None:
    dead = die_at(home, stage)
    assert batches.reconcile(home, now=NOW) == [dead]
    assert (batch(home, dead).state, batch(home, dead).error_code) == ("failed", "import.interrupted")
    assert counts(bring(home, EVENTS, mapping())) == (2, 2, 0, 0)


def test_a_batch_that_died_after_its_commit_is_settled_with_the_counts_of_the_manifest(home: Home) -> None:
    dead = die_at(home, "committed")
    assert batch(home, dead).state == "running"
    assert batches.reconcile(home, now=NOW) == [dead]
    row = batch(home, dead)
    assert (row.state, row.read_count, row.accepted_count, row.rejected_count) == ("committed", 3, 2, 1)
    assert batches.reconcile(home, now=NOW) == []
    assert rejects.read(home, dead).decode().count("\n") == 2


def test_a_batch_that_is_still_running_is_left_alone(home: Home) -> None:
    seen: list[list[int]] = []
    bring(home, EVENTS, mapping(), progress=lambda stage, **_: seen.append(batches.reconcile(home, now=NOW)))
    assert seen and not any(seen)
    assert batch(home, 1).state == "committed"
    assert workplace.sweep(home) == 0


def test_an_import_that_fails_after_its_commit_is_committed_with_its_rejects(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing_disk(monkeypatch, is_folder=True), pytest.raises(OSError, match="No space"):
        bring(home, EVENTS + "soon,secret,u9\n", mapping())
    row = batch(home, 1)
    assert (row.state, row.accepted_count, row.rejected_count, row.error_code) == ("committed", 2, 1, None)
    assert len(facts(home, "events", "name")) == 2
    assert b"secret" in rejects.read(home, 1)
    assert importing.rollback(home, 1, ANALYST, now=NOW) > 0


def test_a_batch_that_ends_by_itself_while_others_are_settled_keeps_its_end(home: Home) -> None:
    bring(home, EVENTS, mapping())
    again = bring(home, EVENTS, mapping()).batch  # brings nothing, so the lake says nothing of it
    with home.store.transaction() as session:
        row = batches.get(session, again)
        row.state, row.progress = "running", {"workplace": "gone"}

    running = [again]

    def end_it(_connection: Connection) -> None:
        """The look at what runs is over; now the process of the batch says that it came through."""
        if running:
            ended = running.pop()
            with home.store.transaction() as session:
                batches.get(session, ended).state = "committed"

    event.listen(home.store.engine, "commit", end_it)
    assert batches.reconcile(home, now=NOW) == []
    assert batch(home, again).state == "committed"


def test_a_rollback_that_died_before_the_store_knew_is_settled(home: Home) -> None:
    done = bring(home, EVENTS, mapping())
    with home.writer.change("rollback", done.batch) as change:
        change.forget(done.batch)
    assert batches.reconcile(home, now=NOW) == [done.batch]
    assert batch(home, done.batch).state == "rolled_back"


def test_settling_reads_only_the_versions_that_came_since(home: Home) -> None:
    done = [bring(home, EVENTS.replace("2026", str(year)), mapping()).batch for year in range(2001, 2006)]
    assert batches.reconcile(home, now=NOW) == []
    for file in sorted((home.lake.root / FOLDER).iterdir())[:-1]:
        file.write_text("whoever reads this version fails")
    assert batches.reconcile(home, now=NOW) == []
    dead = die_at(home, "merged")
    assert batches.reconcile(home, now=NOW) == [dead]
    dead = die_at(home, "committed")
    with home.writer.change("rollback", done[0]) as change:
        change.forget(done[0])
    assert batches.reconcile(home, now=NOW) == [dead, done[0]]
    assert (batch(home, dead).state, batch(home, done[0]).state) == ("committed", "rolled_back")


def test_a_rollback_erases_the_values_of_those_of_whom_no_other_batch_speaks(home: Home) -> None:
    people = "time,what,who,tel\n2026-01-0{},a,{},{}\n2026-01-0{},a,u9,13800138009\n"
    by = mapping(identities={"user_id": "who", "phone": "tel"})
    first = bring(home, people.format(1, "u1", "13800138001", 1), by)
    bring(home, people.format(2, "u2", "13800138002", 2), by)
    assert len(values(home)) == 6
    importing.rollback(home, first.batch, ANALYST, now=NOW)
    assert values(home) == dict(facts(home, "identities", "identity_key", "identity_type"))
    assert sorted(values(home).values()) == ["phone", "phone", "user_id", "user_id"]
    again = bring(home, people.format(1, "u1", "13800138001", 1), by)
    assert len(values(home)) == 6
    assert len({key for (key,) in facts(home, "identities", "identity_key")} - set(values(home))) == 0
    importing.rollback(home, again.batch, ANALYST, now=NOW)
    assert len(values(home)) == 4


def test_a_rollback_that_died_before_its_values_were_erased_is_ended_when_nobody_writes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = bring(home, EVENTS, mapping())
    kept = values(home)
    with home.writer.change("rollback", done.batch) as change:
        change.forget(done.batch)
    monkeypatch.setattr(writer, "LOCK_PATIENCE_S", 0.0)
    with home.writer.alone():
        assert batches.reconcile(home, now=NOW) == []
    assert kept and values(home) == kept and batch(home, done.batch).state == "committed"
    assert batches.reconcile(home, now=NOW) == [done.batch]
    assert values(home) == {} and batch(home, done.batch).state == "rolled_back"


def values(home: Home) -> dict[int, str]:
    """Identities whose value the store keeps, with their types."""
    with home.store.reading() as session:
        return {row.identity_key: row.identity_type for row in session.scalars(select(IdentityValue))}


# -- persons, names, products ----------------------------------------------------------------------------------------


def test_identities_of_one_row_become_one_member_whose_values_are_kept_encrypted(home: Home) -> None:
    text = "time,what,who,tel\n2026-01-01,a,u1,+86 138-0013 8000\n2026-01-02,b,u2,13800138000\n2026-01-03,c,,\n"
    bring(home, text, mapping(identities={"user_id": "who", "phone": "tel"}))
    with home.lake.open() as snapshot:
        rows = snapshot.arrow(snapshot.member_map()).to_pylist()
    assert len(rows) == 3 and len({row["member_id"] for row in rows}) == 1
    kinds = dict(facts(home, "identities", "identity_key", "identity_type"))
    assert [kinds.get(key) for (key,) in facts(home, "events", "identity_key")] == ["user_id", "user_id", None]
    with home.store.reading() as session:
        values = list(session.scalars(select(IdentityValue)))
    assert len(values) == 3 and not any(b"13800138000" in value.ciphertext for value in values)


def test_an_unnamed_mapping_holds_unknown_event_names_and_a_named_one_approves_them(home: Home) -> None:
    bring(home, EVENTS, mapping(), is_named=False)
    assert sorted(facts(home, "event_names", "name", "is_held")) == [("buy", True), ("view", True)]
    bring(home, "time,what,who\n2026-03-01,view,u1\n", mapping(), is_named=True)
    with home.lake.open() as snapshot:
        current = {row["name"]: row["is_held"] for row in snapshot.arrow(snapshot.current("event_names")).to_pylist()}
    assert current == {"buy": True, "view": False}
    bring(home, "time,what,who\n2026-03-02,view,u1\n", mapping(), is_named=False)
    with home.lake.open() as snapshot:
        assert (
            snapshot.arrow(snapshot.current("event_names").filter(lambda t: t.name == "view")).to_pylist()[0]["is_held"]
            is False
        )


def test_products_take_the_last_name_a_sale_gives_them_and_keep_what_a_catalogue_says(home: Home) -> None:
    catalogue = mapping("products", columns={"product_id": "sku", "name": "name", "category": "kind", "price": "price"})
    bring(home, "sku,name,kind,price\ns1,Tea,food,9.90\n", catalogue)
    lines = order_lines(columns={**order_lines().columns, "product_name": "title"})
    text = "no,time,sku,qty,price,who,title\nA,2026-01-01,s1,1,9,c,tea!\nA,2026-01-01,s2,1,9,c,Cup\nB,2026-01-02,s2,1,9,c,Mug\nB,2026-01-02,s2,1,8,c,\n"
    bring(home, text, lines)
    with home.lake.open() as snapshot:
        current = snapshot.arrow(snapshot.current("products").order_by("product_id")).to_pylist()
    assert [(p["product_id"], p["name"], p["category"], p["price_minor"]) for p in current] == [
        ("s1", "Tea", "food", 990),
        ("s2", "Mug", None, None),
    ]


# -- money -----------------------------------------------------------------------------------------------------------


def lines(home: Home, text: str, **parts: Any) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Kind, quantity, price and amount of the lines taken, and the reasons of the others."""
    done = bring(home, "no,time,sku,qty,price,who\n" + text, order_lines(**parts))
    taken = facts(home, "order_lines", "line_kind", "quantity", "unit_price", "amount_minor")
    reasons = (
        [row[1] for row in csv.reader(io.StringIO(rejects.read(home, done.batch).decode()))][1:]
        if done.rejected
        else []
    )
    return [(k, float(q), float(p), a) for k, q, p, a in taken], reasons


def test_lines_below_zero_are_refunds_by_their_mark_adjustments_at_price_zero_and_else_rejected(home: Home) -> None:
    text = (
        "A,2026-01-01,s,2,1.25,c\nC1,2026-01-01,s,-2,1.25,c\nC2,2026-01-01,s,2,1.25,c\n"
        "B,2026-01-01,s,-3,0,c\nB,2026-01-01,s,-3,1,c\nB,2026-01-01,s,1,-1,c\nB,2026-01-01,s,x,1,c\nB,2026-01-01,s,,1,c\n"
    )
    assert lines(home, text, refund={"column": "no", "starts_with": "C"}) == (
        [("sale", 2, 1.25, 250), ("refund", -2, 1.25, -250), ("refund", -2, 1.25, -250), ("adjustment", -3, 0, 0)],
        ["refund.unmarked", "price.negative", "value.unreadable:quantity", "value.missing:quantity"],
    )


def test_a_mapping_can_say_that_every_negative_quantity_is_a_refund(home: Home) -> None:
    taken, reasons = lines(home, "A,2026-01-01,s,-2,1.25,c\nA,2026-01-01,s,-3,0,c\n", refund={"is_negative": True})
    assert (taken, reasons) == ([("refund", -2, 1.25, -250), ("refund", -3, 0, 0)], [])


def test_a_line_total_is_rounded_once_half_to_even(home: Home) -> None:
    taken, _ = lines(home, "A,2026-01-01,s,0.5,0.05,c\nA,2026-01-01,s,0.5,0.07,c\nA,2026-01-01,s,3,0.335,c\n")
    assert [amount for *_, amount in taken] == [2, 4, 100]


def test_an_amount_beyond_measure_is_rejected_and_breaks_nothing(home: Home) -> None:
    taken, reasons = lines(home, "A,2026-01-01,s,999999999999,999999999999,c\nA,2026-01-01,s,1,999999999999.99,c\n")
    assert [amount for *_, amount in taken] == [99_999_999_999_999]
    assert reasons == ["amount.too_large"]


def test_orders_and_line_totals_are_taken_as_they_are(home: Home) -> None:
    by = mapping(
        "orders", columns={"order_no": "no", "occurred_at": "time", "amount": "paid"}, refund={"is_negative": True}
    )
    bring(home, "no,time,paid\nA,2026-01-01,19.99\nB,2026-01-01,-5\n", by)
    assert facts(home, "order_lines", "order_no", "line_kind", "quantity", "unit_price", "amount_minor") == [
        ("A", "sale", Decimal(1), Decimal("19.99"), 1999),
        ("B", "refund", Decimal(-1), Decimal(5), -500),
    ]


def test_the_first_import_of_an_empty_world_decides_its_currency(home: Home) -> None:
    assert (
        bring(
            home, "no,time,sku,qty,price,who\nA,2026-01-01,s,1,2,c\n", order_lines(money={"currency": "JPY"})
        ).currency
        == "JPY"
    )
    assert importing.home_currency(home) == "JPY"
    assert facts(home, "order_lines", "amount_minor") == [(2,)]  # yen have no smaller unit
    later = bring(home, "no,time,sku,qty,price,who\nB,2026-01-01,s,1,2,c\n", order_lines(money={"currency": "EUR"}))
    assert (later.currency, counts(later)) == (None, (1, 0, 0, 1))


def test_other_currencies_need_a_rate(home: Home) -> None:
    text = "no,time,sku,qty,price,who,cur\nA,2026-01-01,s,1,10,c,\nB,2026-01-01,s,3,0.11,c,usd\nC,2026-01-01,s,1,10,c,EUR\n"
    by = order_lines(
        columns={**order_lines().columns, "currency": "cur"}, money={"currency": "CNY", "rates": {"USD": "7.15"}}
    )
    done = bring(home, text, by)
    assert counts(done) == (3, 2, 0, 1)
    assert facts(home, "order_lines", "amount_minor") == [(1000,), (236,)]
    assert b"currency.no_rate" in rejects.read(home, done.batch)


def test_a_currency_that_the_mapping_names_for_all_rows_needs_a_rate_as_well(home: Home) -> None:
    bring(home, "no,time,sku,qty,price,who\nA,2026-01-01,s,1,10,c\n", order_lines(money={"currency": "CNY"}))
    text = "no,time,sku,qty,price,who\nB,2026-01-01,s,1,10,c\n"
    assert counts(bring(home, text, order_lines(constants={"currency": "USD"}))) == (1, 0, 0, 1)
    with_rate = order_lines(constants={"currency": "USD"}, money={"rates": {"USD": "7.15"}})
    assert counts(bring(home, text, with_rate)) == (1, 1, 0, 0)
    assert facts(home, "order_lines", "amount_minor") == [(1000,), (7150,)]


def test_an_amount_that_is_too_large_in_home_currency_is_one_rejected_row(home: Home) -> None:
    bring(home, "no,time,sku,qty,price,who\nA,2026-01-01,s,1,10,c\n", order_lines(money={"currency": "CNY"}))
    text = "no,time,sku,qty,price,who\nB,2026-01-01,s,1,500000000000,c\nC,2026-01-01,s,1,5,c\n"
    done = bring(home, text, order_lines(money={"currency": "USD", "rates": {"USD": "9000"}}))
    assert counts(done) == (2, 1, 0, 1)
    assert b"amount.too_large" in rejects.read(home, done.batch)


# -- rejects ---------------------------------------------------------------------------------------------------------


def test_downloaded_rejects_start_no_formula_and_come_back_as_they_were(home: Home) -> None:
    cells = ["=1+1", "-5", "+86", "@x", "'=1", "\t=1", "＝1", "plain", "'quoted'"]
    rows = [["soon", cell, f"u{number}"] for number, cell in enumerate(cells)]
    out = io.StringIO()
    csv.writer(out).writerows([["time", "what", "who"], *rows])
    done = bring(home, out.getvalue(), mapping())
    content = rejects.download(home, done.batch, ANALYST, now=NOW).decode()
    read = list(csv.reader(io.StringIO(content)))[1:]
    assert [row[3][0] for row in read] == ["'"] * 7 + ["p", "'"]
    fixed = content.replace("soon", "2026-01-01 10:00:00")
    assert counts(bring(home, fixed, mapping())) == (9, 9, 0, 0)
    assert [name for (name,) in facts(home, "events", "name")] == [cell.strip() for cell in cells]


def test_rejects_are_unreadable_on_disk_and_every_change_is_noticed(home: Home) -> None:
    done = bring(home, EVENTS + "soon,secret,u9\n", mapping())
    file = rejects.path(home, done.batch)
    sealed = file.read_bytes()
    assert b"secret" not in sealed
    for other in (sealed[:-1], sealed[:-40], sealed[:30] + bytes([sealed[30] ^ 1]) + sealed[31:]):
        file.write_bytes(other)
        with pytest.raises(WrongKey):
            rejects.read(home, done.batch)
    file.write_bytes(sealed)
    file.rename(rejects.path(home, 99))
    with pytest.raises(WrongKey):
        rejects.read(home, 99)
    with pytest.raises(Unknown):
        rejects.read(home, done.batch)


def test_many_rejects_keep_their_order_over_several_chunks(home: Home) -> None:
    text = "time,what,who\n" + "".join(f"soon,{random.Random(n).random()},u{n}\n" for n in range(60_000))
    done = bring(home, text, mapping())
    rows = rejects.read(home, done.batch).decode().splitlines()
    assert rejects.path(home, done.batch).stat().st_size > 2 * rejects.CHUNK
    assert [row.split(",", 2)[2] for row in rows[1:]] == text.splitlines()[1:]


def test_downloads_are_audited(home: Home) -> None:
    done = bring(home, EVENTS + "soon,x,y\n", mapping())
    rejects.download(home, done.batch, ANALYST, now=NOW)
    assert actions(home)[-1] == "rejects.downloaded"
