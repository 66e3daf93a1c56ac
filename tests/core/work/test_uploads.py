"""Files handed in: kept, queued, imported by the worker, cancelled, cleared away."""

import io
import os
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden, InvalidUpload, Unknown
from core.scope import Operator
from core.settings import Settings
from core.store.tables import Account, AuditEntry, Batch, Job
from core.work import duties, uploads
from core.work.ingest.mapping import Mapping
from tests.lakes import NOW

CSV = "at,event,phone\n2026-11-01 10:00,page_view,13800138000\n2026-11-01 10:05,add_to_cart,13800138000\nnot a time,page_view,1\n"
MAPPING = Mapping("events", "shop", {"occurred_at": ("at",), "name": ("event",)}, identities={"phone": ("phone",)})


@pytest.fixture
def house(tmp_path):
    house = House(Settings(home=tmp_path))
    yield house
    house.live.store.close()


@pytest.fixture
def home(house):
    return house.live


@pytest.fixture
def analyst(home):
    with home.store.transaction() as session:
        account = Account(
            name="lin", display_name="lin", role="analyst", units=None, password_hash="", must_change_password=False,
            language="zh", created_at=NOW,
        )  # fmt: skip
        session.add(account)
    return Operator(account.id, "lin", "analyst")


@pytest.fixture
def worker(house):
    return duties.worker(house, lambda: NOW, print)


def save(home, operator, text=CSV, name="events.csv"):
    return uploads.save(home, operator, name, io.BytesIO(text.encode()))


def queue(home, operator, text=CSV, name="events.csv"):
    saved = save(home, operator, text, name)
    return saved, uploads.queue(home, operator, saved.upload_id, MAPPING, mapping_name=None, is_named=True, now=NOW)


def states(home):
    with home.store.reading() as session:
        return [batch.state for batch in session.scalars(select(Batch).order_by(Batch.id))], [
            job.state for job in session.scalars(select(Job).order_by(Job.id))
        ]


def test_a_queued_file_is_imported_by_the_worker_and_leaves_the_inbox(home, analyst, worker):
    saved, queued = queue(home, analyst)
    assert worker.step()
    with home.store.reading() as session:
        batch, job = session.get(Batch, queued.batch_id), session.get(Job, queued.job_id)
    assert (batch.read_count, batch.accepted_count, batch.duplicate_count, batch.rejected_count) == (3, 2, 0, 1)
    assert (batch.state, job.state, batch.file_name, batch.actor) == ("committed", "done", "events.csv", "lin")
    assert job.progress == {"stage": "done", "batch": batch.id, "read": 3, "accepted": 2, "duplicate": 0, "rejected": 1}
    with pytest.raises(Unknown):
        uploads.found(home, saved.upload_id)


def test_the_same_upload_is_not_queued_twice(home, analyst):
    saved, _ = queue(home, analyst)
    with pytest.raises(InvalidUpload):
        uploads.queue(home, analyst, saved.upload_id, MAPPING, mapping_name=None, is_named=True, now=NOW)


def test_a_waiting_import_that_is_cancelled_never_begins(home, analyst, worker):
    _, queued = queue(home, analyst)
    uploads.cancel(home, analyst, queued.job_id, now=NOW)
    assert not worker.step()
    assert states(home) == (["cancelled"], ["cancelled"])


def test_a_running_import_that_is_cancelled_commits_nothing(home, analyst, worker):
    _, queued = queue(home, analyst)
    work_of = worker.handlers["import"]

    def cancel_first(work):
        uploads.cancel(home, analyst, queued.job_id, now=NOW)
        work_of(work)

    worker.handlers = {"import": cancel_first}
    assert worker.step()
    assert states(home) == (["cancelled"], ["cancelled"])
    assert home.lake.manifests.latest().tables == {}


def test_what_ended_cannot_be_cancelled(home, analyst, worker):
    _, queued = queue(home, analyst)
    worker.step()
    with pytest.raises(Exception, match="ended"):
        uploads.cancel(home, analyst, queued.job_id, now=NOW)


def test_whoever_was_disabled_meanwhile_imports_nothing(home, analyst, worker):
    queue(home, analyst)
    with home.store.transaction() as session:
        session.get_one(Account, analyst.account_id).is_active = False
    worker.step()
    assert states(home) == (["failed"], ["failed"])
    assert home.lake.manifests.latest().tables == {}


def test_whoever_lost_the_role_meanwhile_imports_nothing(home, analyst, worker):
    queue(home, analyst)
    with home.store.transaction() as session:
        session.get_one(Account, analyst.account_id).role = "manager"
    worker.step()
    assert states(home) == (["failed"], ["failed"])


def die_over(home, queued):
    """As a worker leaves an upload when it is killed over it."""
    with home.store.transaction() as session:
        job, batch = session.get_one(Job, queued.job_id), session.get_one(Batch, queued.batch_id)
        job.state, job.lease_until, job.attempts, job.fence = "running", NOW - timedelta(seconds=1), 1, 1
        batch.state, batch.progress = "running", {"workplace": "gone", "stage": "merged"}


def test_an_import_whose_worker_died_before_the_lake_had_it_is_done_again_once(home, analyst, worker):
    _, queued = queue(home, analyst)
    die_over(home, queued)
    assert worker.step()
    assert states(home) == (["failed", "committed"], ["done"])
    with home.lake.open() as snapshot:
        assert snapshot.value(snapshot.table("events").count()) == 2


def test_an_import_whose_worker_died_does_not_take_another_upload_of_the_same_name_for_its_own(home, analyst, worker):
    _, first = queue(home, analyst)
    die_over(home, first)
    queue(home, analyst, CSV.replace("2026-11-01", "2026-11-02"))
    assert worker.step()
    assert worker.step()
    assert states(home) == (["failed", "committed", "committed"], ["done", "done"])
    with home.lake.open() as snapshot:
        assert snapshot.value(snapshot.table("events").count()) == 4
    with home.store.reading() as session:
        assert session.get_one(Job, first.job_id).arguments["batch"] == 3


def test_an_import_whose_worker_died_after_the_lake_had_it_is_not_done_again(home, analyst, worker):
    _, queued = queue(home, analyst)
    worker.step()
    with home.store.transaction() as session:
        job, batch = session.get_one(Job, queued.job_id), session.get_one(Batch, queued.batch_id)
        job.state, job.lease_until, batch.state = "running", NOW - timedelta(seconds=1), "running"
        batch.progress = {"workplace": "gone", "stage": "committing"}
    assert worker.step()
    assert states(home) == (["committed"], ["done"])


def test_roles_without_the_permission_upload_queue_cancel_and_roll_back_nothing(home, analyst):
    saved, queued = queue(home, analyst)
    manager = Operator(9, "wu", "manager")
    for act in (
        lambda: save(home, manager),
        lambda: uploads.queue(home, manager, saved.upload_id, MAPPING, mapping_name=None, is_named=True, now=NOW),
        lambda: uploads.cancel(home, manager, queued.job_id, now=NOW),
        lambda: uploads.roll_back(home, manager, queued.batch_id, reason="x", now=NOW),
    ):
        with pytest.raises(Forbidden):
            act()


def test_a_rollback_needs_a_reason_which_the_audit_log_keeps(home, analyst, worker):
    _, queued = queue(home, analyst)
    worker.step()
    with pytest.raises(InvalidUpload):
        uploads.roll_back(home, analyst, queued.batch_id, reason=" ", now=NOW)
    assert uploads.roll_back(home, analyst, queued.batch_id, reason="wrong file", now=NOW) > 0
    assert states(home)[0] == ["rolled_back"]
    with home.store.reading() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.action == "import.rollback_asked"))
    assert entry.details == {"reason": "wrong file"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("a\\b\\订单.csv", "订单.csv"), (".hidden", "hidden"), ("", "file"), ("..", "file"),
        ("x" * 300 + ".csv.gz", "x" * 120 + ".gz"), ("a\nb.csv", "a_b.csv"), ("订" * 120 + ".csv", "订" * 66 + ".csv"),
    ],
)  # fmt: skip
def test_a_file_keeps_its_name_but_never_leaves_its_folder(home, analyst, given, kept):
    saved = save(home, analyst, name=given)
    assert saved.path.name == kept
    assert saved.path.parent.parent == home.settings.inbox("live")
    assert uploads.found(home, saved.upload_id) == saved


@pytest.mark.parametrize("wrong", ["../../live", "", "x" * 32, "0" * 32])
def test_a_strange_upload_id_finds_nothing(home, wrong):
    with pytest.raises(Unknown):
        uploads.found(home, wrong)


def test_old_files_nobody_imports_are_cleared_away_and_those_that_wait_stay(home, analyst):
    old, fresh, waiting = save(home, analyst), save(home, analyst), queue(home, analyst)[0]
    for one in (old, waiting):
        long_ago = one.path.parent.stat().st_mtime - 200_000
        os.utime(one.path.parent, (long_ago, long_ago))
    assert uploads.tidy(home, now=NOW) == 1
    assert not old.path.exists()
    assert fresh.path.exists()
    assert waiting.path.exists()
