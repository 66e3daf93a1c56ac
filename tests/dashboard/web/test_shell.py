import base64
import hashlib
import json
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import streamlit

from core.settings import PROJECT
from dashboard.web import health, server, squeeze, warmup, wiring
from dashboard.web.gate import TRUSTED

BUNDLE = Path(streamlit.__file__).parent / "static" / "static"


class Scripts(HTMLParser):
    """What a browser would see: attributes and text of every script, in order."""

    def __init__(self, page):
        super().__init__()
        self.found, self.inside = [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "script":
            self.found.append([dict(attrs), ""])
        self.inside = tag == "script"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.found[-1][1] += data


def policy_of(answer):
    return {part.split()[0]: part.split()[1:] for part in answer.headers["content-security-policy"].split("; ")}


def test_the_content_policy_allows_exactly_the_inline_scripts_of_the_page(browser, enter):
    token, _ = enter()
    answer = browser(token).get("/overview")
    inline = [text for attributes, text in Scripts(answer.text).found if "src" not in attributes]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in inline]
    assert inline
    assert policy_of(answer)["script-src"] == ["'self'", *hashes]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]


def test_every_answer_is_hardened(browser, enter):
    token, _ = enter()
    for answer in (
        browser().get("/overview"),
        browser().get("/healthz"),
        browser(token).get("/overview"),
        browser().get("/look/icon.svg"),
    ):
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert policy_of(answer)["frame-ancestors"] == ["'none'"]


def test_the_page_speaks_the_language_of_the_reader_before_any_script_runs(browser, enter):
    token, _ = enter(language="zh")
    page = browser(token).get("/overview").text
    assert '<html lang="zh-CN">' in page and "<title>私域驾驶舱</title>" in page
    scripts = [attributes.get("src") for attributes, _ in Scripts(page).found]
    ours, module = scripts.index("/look/chrome.js"), next(n for n, src in enumerate(scripts) if src and "index." in src)
    assert scripts.index("/look/words.zh.js") < ours < module
    assert "service-desc" not in page and "agent" not in page


def test_the_english_page_has_no_dictionary(browser, enter):
    token, _ = enter("analyst", language="en")
    page = browser(token).get("/overview").text
    assert '<html lang="en">' in page and "<title>Siyu Cockpit</title>" in page
    assert "/look/chrome.js" in page and "words" not in page


def test_a_page_made_for_one_reader_is_kept_by_no_cache_and_its_length_is_true(browser, enter):
    token, _ = enter()
    answer = browser(token).get("/overview")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers and "last-modified" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_scripts_of_streamlit_come_compressed_and_unchanged(browser):
    script = max((BUNDLE / "js").glob("index.*.js"), key=lambda path: path.stat().st_size)
    client = browser(accept="*/*")
    answer = client.get(f"/static/js/{script.name}")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == script.read_bytes()
    assert int(answer.headers["content-length"]) < script.stat().st_size / 2
    head = client.head(f"/static/js/{script.name}")
    assert (head.headers["content-length"], head.content) == (answer.headers["content-length"], b"")


def test_a_browser_that_does_not_understand_gzip_gets_none(browser):
    script = next((BUNDLE / "js").glob("index.*.js"))
    answer = browser(**{"accept": "*/*", "accept-encoding": "identity"}).get(f"/static/js/{script.name}")
    assert "content-encoding" not in answer.headers


def test_only_files_of_the_bundle_are_compressed():
    layer = squeeze.Squeeze(None)
    assert layer.files
    assert all(path.is_relative_to(BUNDLE) for path in layer.files.values())
    assert all(name == f"/static/{path.relative_to(BUNDLE).as_posix()}" for name, path in layer.files.items())


def test_a_healthy_server_says_so_with_the_visible_version(browser):
    answer = browser().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "store": "ok", "lake_version": 0})


def test_a_lake_that_cannot_be_read_is_not_healthy(store, browser):
    folder = wiring.house().settings.lake("live") / "_manifest"
    folder.mkdir(parents=True)
    for name in ("1.json", f"{1:08}.json", f"{1:012}.json", f"{1:020}.json"):
        (folder / name).write_text("{")
    answer = browser().get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "store": "ok", "lake_version": None}


def test_a_store_that_cannot_be_read_is_not_healthy(store, browser):
    store.close()
    path = wiring.house().settings.world("live") / "store.db"
    for file in path.parent.glob("store.db*"):
        file.unlink()
    path.write_bytes(b"this is no database" * 100)
    assert health.state()["store"] == "failing"


def test_a_warm_up_step_that_fails_keeps_nobody_out(caplog):
    done = []
    warmup.register("test of good", lambda: done.append(1))
    warmup.register("test of bad", lambda: 1 / 0)
    try:
        assert warmup.run() == ["test of bad"]
    finally:
        for name in ("test of good", "test of bad"):
            warmup.register(name, lambda: None)
    assert done == [1]
    assert "test of bad" in caplog.text


def test_the_trusted_headers_in_the_configuration_are_those_that_the_gate_sets():
    server = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["server"]
    assert json.loads(server["trustedUserHeaders"]) == {f"{TRUSTED}account": "account", f"{TRUSTED}session": "session"}
    assert server["enableAgentApi"] is False


def test_tables_of_people_offer_no_download_that_nobody_writes_down():
    """Every table with a column of members stands in a container of which the style takes the toolbar's own download away."""
    style = (server.ASSETS / "look.css").read_text(encoding="utf-8")
    (keys,) = re.findall(r":is\(((?:[^()]|\n)*?)\)\s*\[data-testid=\"stElementToolbarButton\"\]:has", style)
    assert keys == '.st-key-people_panel, [class*="st-key-of_people_"]'
    found = {}
    for path in (PROJECT / "dashboard").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if re.search(r"(?:panel|people)\.column\(", text):
            found[path.name] = len(re.findall(r"with tables\.of_people\(.*\n\s+(?:event = )?st\.dataframe\(", text))
    assert len(found) == 7 and all(found.values()), found
