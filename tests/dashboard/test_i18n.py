import ast
import re
import string
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import core.errors
from core.errors import Refusal
from core.schema import CHANNELS
from core.scope import ROLES
from core.settings import PROJECT
from dashboard import filters, frame, i18n
from dashboard.pages import SECTIONS

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SPEAKERS = {"t", "text", "has"}
NARROW = re.compile(r"[\u4e00-\u9fff\u3001-\u303f\uff00-\uffef}][ ]?[,;:!?](?!//)|[,;!?:][ ]?[\u4e00-\u9fff]")
"""A half-width mark after Chinese, a full-width mark or a place, or before Chinese."""
TYPED = {"error.mapping.invalid_decimal"}
"""Tells what may be typed: a comma, half-width."""


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def sources() -> list[Path]:
    return sorted((PROJECT / "dashboard").rglob("*.py"))


def calls() -> Iterator[tuple[str, ast.expr]]:
    """The key of every text that the code asks for, with where it does."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SPEAKERS:
                yield f"{path.name}:{node.lineno}", node.args[1 if name == "text" and len(node.args) > 1 else 0]


def test_both_languages_have_the_same_texts_with_the_same_places():
    zh, en = i18n.catalogue("zh"), i18n.catalogue("en")
    assert sorted(zh) == sorted(en)
    assert {key: places(zh[key]) for key in zh} == {key: places(en[key]) for key in en}


def test_no_text_is_empty_and_no_english_one_is_chinese():
    for language in i18n.LANGUAGES:
        assert [key for key, text in i18n.catalogue(language).items() if not text.strip()] == []
    assert [key for key, text in i18n.catalogue("en").items() if CHINESE.search(text)] == []


def test_chinese_texts_are_punctuated_as_chinese():
    """Full width beside Chinese, marks of a text's writing and spaces aside; formulas and what is quoted to be typed stay as they are."""
    found = []
    for key, text in i18n.catalogue("zh").items():
        plain = re.sub(r"\*\*|`[^`]*`|<[^>]*>", "", text)
        if NARROW.search(plain) and key not in TYPED:
            found.append((key, text))
    assert found == []


def test_names_and_their_meanings_are_divided_as_the_language_divides_them():
    """By ``i18n.explained`` and ``i18n.aside``; ``: `` and ``(`` between two texts are English in every language."""
    found = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found += [
                    f"{path.name}:{node.lineno}"
                    for part in node.values
                    if isinstance(part, ast.Constant) and str(part.value).startswith("**: ")
                ]
    assert found == []


def test_every_text_that_is_asked_for_by_name_exists():
    texts = i18n.catalogue("zh")
    missing = [
        (where, key.value)
        for where, key in calls()
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and "." in key.value and key.value not in texts
    ]
    assert missing == []


def test_every_text_that_is_asked_for_by_the_start_of_its_name_exists():
    texts = i18n.catalogue("zh")
    missing = []
    for where, key in calls():
        if isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
            start = str(key.values[0].value)
            if not any(known.startswith(start) for known in texts):
                missing.append((where, start))
    assert missing == []


def test_nothing_that_is_read_stands_in_the_code():
    """Chinese may stand in remarks, in a language's own name, and in patterns of days that Plotly fills (``%m月``)."""
    found = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks
            if (
                is_text
                and CHINESE.search(node.value)
                and not (node.value in i18n.NAMES.values() or node.value.startswith("%"))
            ):
                found.append((path.name, node.lineno, node.value))
    assert found == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_role_channel_section_period_and_page_has_a_name(language):
    texts = i18n.catalogue(language)
    wanted = [f"role.{role}" for role in ROLES] + [f"channel.{channel}" for channel in CHANNELS]
    wanted += [f"section.{section}" for section in SECTIONS] + [
        f"filters.period_{preset}" for preset in filters.PRESETS
    ]
    wanted += [f"{entry.name}.title" for entry in frame.pages()]
    assert [key for key in wanted if key not in texts] == []


def refusals(of: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for kind in of.__subclasses__():
        yield kind
        yield from refusals(kind)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_refusal_of_the_core_has_a_text(language):
    texts = i18n.catalogue(language)
    kinds = [kind for kind in refusals() if kind.__module__ == core.errors.__name__]
    assert len(kinds) > 10
    bare = [kind.code for kind in kinds if not any(key.startswith(f"error.{kind.code}") for key in texts)]
    assert bare == []


def test_a_refusal_is_told_with_its_reason_and_one_without_a_text_is_not_hidden():
    assert i18n.refusal(core.errors.InvalidPassword("", reason="short"), language="zh") == "密码至少需要 10 个字符。"
    throttled = core.errors.TooManyAttempts("", seconds=8)
    assert i18n.refusal(throttled, language="en") == "Too many attempts. Please try again in 8 seconds."
    assert i18n.refusal(core.errors.Unknown("metric", "gmv"), language="zh") == "找不到“gmv”。"
    near = core.errors.Unknown("metric", "orers", ["orders"])
    assert i18n.refusal(near, language="en") == "There is no “orers”. Similar: orders"

    class Strange(Refusal):
        code = "strange.thing"

    assert "The English sentence." in i18n.refusal(Strange("The English sentence."), language="zh")


def test_a_text_that_does_not_exist_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        i18n.t("nothing.here")


@pytest.fixture(params=["zh", "en"])
def language(request, monkeypatch):
    monkeypatch.setattr(i18n.st, "session_state", {"_language": request.param})
    return request.param


CASES = [
    (lambda: i18n.number(1234567), "1,234,567", "1,234,567"),
    (lambda: i18n.number(Decimal("2.5"), 2), "2.50", "2.50"),
    (lambda: i18n.number(-1234), "−1,234", "−1,234"),
    (lambda: i18n.compact(999), "999", "999"),
    (lambda: i18n.compact(1000), "1,000", "1K"),
    (lambda: i18n.compact(9999), "9,999", "10K"),
    (lambda: i18n.compact(10000), "1万", "10K"),
    (lambda: i18n.compact(123456789), "1.2亿", "123.5M"),
    (lambda: i18n.compact(2.34), "2.3", "2.3"),
    (lambda: i18n.money(123456, "CNY"), "¥1,234.56", "¥1,234.56"),
    (lambda: i18n.money(-123456, "CNY"), "−¥1,234.56", "−¥1,234.56"),
    (lambda: i18n.money(1234, "JPY"), "JP¥1,234", "¥1,234"),
    (lambda: i18n.money(123456, "GBP", digits=0), "£1,235", "£1,235"),
    (lambda: i18n.compact_money(315912345, "CNY"), "¥315.9万", "¥3.2M"),
    (lambda: i18n.compact_money(48087, "GBP"), "£480.87", "£480.87"),
    (lambda: i18n.share(0.6558), "65.6%", "65.6%"),
    (lambda: i18n.share(0.6558, 2), "65.58%", "65.58%"),
    (lambda: i18n.share(0), "0.0%", "0.0%"),
    (lambda: i18n.share(1), "100.0%", "100.0%"),
    (lambda: i18n.share(24_375 / 24_387), ">99.9%", ">99.9%"),
    (lambda: i18n.share(0.9995), ">99.9%", ">99.9%"),
    (lambda: i18n.share(0.9994), "99.9%", "99.9%"),
    (lambda: i18n.share(12 / 24_387), "<0.1%", "<0.1%"),
    (lambda: i18n.share(0.0006), "0.1%", "0.1%"),
    (lambda: i18n.share(0.998, 0) + i18n.share(0.004, 0), ">99%<1%", ">99%<1%"),
    (lambda: i18n.share(0.1 + 0.2 + 0.3 + 0.3 + 0.1 - 1e-15), "100.0%", "100.0%"),
    (lambda: i18n.share(1.0002) + i18n.share(-0.0002), "100.0%−0.0%", "100.0%−0.0%"),
    (lambda: i18n.change(0.03), "+3.0%", "+3.0%"),
    (lambda: i18n.change(0.9996) + i18n.change(0.0001), "+100.0%+0.0%", "+100.0%+0.0%"),
    (lambda: i18n.change(-0.03), "−3.0%", "−3.0%"),
    (lambda: i18n.signed(-3) + i18n.signed(3) + i18n.signed(0), "−3+30", "−3+30"),
    (lambda: i18n.change(0), "0.0%", "0.0%"),
    (lambda: i18n.day(date(2026, 11, 20)), "2026年11月20日", "Nov 20, 2026"),
    (lambda: i18n.day(date(2026, 11, 20), with_year=False), "11月20日", "Nov 20"),
    (
        lambda: i18n.moment(datetime(2026, 11, 20, 16, 30, tzinfo=UTC), "Asia/Shanghai"),
        "2026-11-21 00:30",
        "2026-11-21 00:30",
    ),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_numbers_and_days_are_written_as_readers_write_them(language, case):
    call, zh, en = CASES[case]
    assert call() == {"zh": zh, "en": en}[language]


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
def test_what_is_undefined_is_a_dash_and_never_zero(language, value):
    written = [i18n.number(value), i18n.compact(value), i18n.share(value), i18n.change(value)]
    written += [i18n.money(value, "CNY"), i18n.compact_money(value, "CNY")]
    assert written == ["—"] * 6
    assert [i18n.day(None), i18n.moment(None, "Asia/Shanghai")] == ["—"] * 2


@pytest.mark.parametrize(
    ("count", "said"),
    [("0", "0 open sessions"), ("1", "1 open session"), (1, "1 open session"), ("1,000", "1,000 open sessions"), ("—", "— open sessions")],
)  # fmt: skip
def test_one_is_said_of_one_only(count, said):
    assert i18n.text("en", "accounts.sessions_count", count=count) == said


def test_a_word_between_one_and_several_stands_beside_its_number():
    """``{count:row|rows}`` alone would hide how many."""
    for key, text in i18n.catalogue("en").items():
        fields = [(name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name is not None]
        for name, spec in fields:
            assert not spec or (spec.count("|") == 1 and (name, "") in fields), key


def test_every_reason_for_rejecting_a_row_is_said_in_words():
    texts = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("core/sources", "core/work/ingest")
        for path in (PROJECT / folder).glob("*.py")
    )
    kinds = {key.split(".")[1] for key in i18n.catalogue("zh") if key.startswith("reject.")}
    reasons = set(re.findall(rf'"((?:{"|".join(sorted(kinds))})\.[a-z_]+)[":]', texts))
    assert len(reasons) > 15
    assert sorted(reason for reason in reasons if not i18n.has(f"reject.{reason}")) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_count_of_messages_says_what_the_others_count(language, monkeypatch):
    """Messages of Groups, Topics, Words and rules, and History differ: each contract names the other parts as they are titled."""
    monkeypatch.setattr(i18n.st, "session_state", {"_language": language})
    contracts = {
        "groups": "community.means_said",
        "topics": "topics.means_said",
        "sensitive": "sensitive.means",
        "history": "history.means_messages_lost",
    }
    for part, key in contracts.items():
        told = i18n.t(key)
        for other in contracts.keys() - {part}:
            title = i18n.t(f"community.part_{other}")
            assert f"“{title}”" in told, (key, title)
