"""A file from the browser to the lake and back: uploaded, previewed, imported by a real worker, its rejects downloaded, rolled back."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.settings import PROJECT
from core.store.tables import AuditEntry, Batch
from tests.e2e.browsing import idle

pytestmark = pytest.mark.browser
GOOD, BAD = 40, 3
SLOW = 60_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(scope="module")
def worker(server, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (home / "worker.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "worker"],
            cwd=PROJECT,
            env=os.environ | {"SIYU_HOME": str(home)},
            stdout=output,
            stderr=output,
        )
    yield process
    process.terminate()
    assert process.wait(timeout=30) == 0


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    rows = ["订单号,下单时间,实付金额,手机号"]
    rows += [f"SO{n},2026-11-01 10:{n:02d}:00,{n}.50,138000000{n:02d}" for n in range(GOOD)]
    rows += [f"BAD{n},昨天,9.90,13900000000" for n in range(BAD)]
    file = tmp_path / "十一月订单.csv"
    file.write_text("\n".join(rows) + "\n", encoding="gb18030")
    return file


def test_a_file_is_imported_its_rejects_downloaded_and_the_batch_rolled_back(server, worker, signed_in, orders):
    page = signed_in("admin")
    page.goto(f"{server.url}/sources")
    idle(page)
    page.locator("input[type=file]").set_input_files(orders)
    preview = page.locator(".st-key-card_preview")
    expect(preview).to_contain_text(f"前 {GOOD + BAD} 行中，{GOOD} 行可以导入，{BAD} 行会被拒收", timeout=SLOW)
    preview.get_by_role("button", name="开始导入").click()
    result = page.locator(".st-key-card_result")
    expect(result).to_contain_text("十一月订单.csv 已导入", timeout=SLOW)
    expect(result).to_contain_text(f"读取 {GOOD + BAD} = 接收 {GOOD} + 重复 0 + 拒收 {BAD}")
    with page.expect_download(timeout=SLOW) as downloading:
        result.get_by_role("button", name=f"下载 {BAD} 行拒收数据").click()
    lines = Path(downloading.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "_row,_reason,订单号,下单时间,实付金额,手机号"
    assert lines[1:] == [f"{GOOD + n + 1},time.unreadable,BAD{n},昨天,9.90,13900000000" for n in range(BAD)]
    page.get_by_role("tab", name="更新日志").click()
    log = page.locator(".st-key-card_log")
    log.get_by_role("button", name="回滚").click()
    page.get_by_role("textbox", name="理由").fill("选错了文件")
    page.get_by_role("button", name="确认回滚").click()
    expect(page.get_by_role("status").filter(has_text="批次 1 已回滚")).to_be_visible(timeout=SLOW)
    expect(log).to_be_visible()
    with server.store.reading() as session:
        batch = session.scalars(select(Batch)).one()
        actions = set(session.scalars(select(AuditEntry.action).where(AuditEntry.object == f"batch:{batch.id}")))
    counts = (batch.read_count, batch.accepted_count, batch.duplicate_count, batch.rejected_count)
    assert (batch.state, counts) == ("rolled_back", (GOOD + BAD, GOOD, 0, BAD))
    assert {
        "import.queued",
        "import.committed",
        "rejects.downloaded",
        "import.rollback_asked",
        "import.rolled_back",
    } <= actions


@pytest.mark.parametrize(
    ("lang", "button", "limit"), [("zh", "选择文件", "每个文件不超过 1GB"), ("en", "Upload", "1GB per file")]
)
def test_the_field_for_a_file_speaks_the_readers_language(server, signed_in, lang, button, limit):
    page = signed_in("admin", lang)
    page.goto(f"{server.url}/sources")
    idle(page)
    field = page.get_by_test_id("stFileUploader")
    expect(field.locator("button")).to_contain_text(button)
    expect(field).to_contain_text(limit)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("view", ["sources", "identity", ""])
@pytest.mark.some(4)
def test_the_pages_open_without_a_complaint_and_fit_the_screen(server, signed_in, view, width):
    page = signed_in("admin", "en", "dark", width=width)
    page.goto(f"{server.url}/{view}")
    idle(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Sources & quality|Identity|Today"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_chat_log_is_imported_and_its_speakers_stand_in_community(server, worker, signed_in, tmp_path):
    lines = [f"[10:{n % 60:02d}] <顾客{n % 31}> 第 {n} 句话" for n in range(93)]
    file = tmp_path / "茶友会 2026-11-20.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    page = signed_in("admin")
    page.goto(f"{server.url}/sources")
    idle(page)
    page.locator("input[type=file]").set_input_files(file)
    preview = page.locator(".st-key-card_preview")
    expect(preview).to_contain_text("前 93 行中，93 行可以导入", timeout=SLOW)
    preview.get_by_role("button", name="开始导入").click()
    expect(page.locator(".st-key-card_result")).to_contain_text("茶友会 2026-11-20.txt 已导入", timeout=SLOW)
    page.goto(f"{server.url}/community?part=groups")
    idle(page)
    expect(page.locator(".st-key-card_community")).to_contain_text("93", timeout=SLOW)
    expect(page.locator(".st-key-card_community")).to_contain_text("发言人 31")
