"""指标目录: every metric in words, in both languages."""

import re
from html import unescape

import pytest

from core.metrics.catalog import METRICS
from core.schema import TABLES
from dashboard.i18n import catalogue
from tests.dashboard.pages.conftest import said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_metric_part_and_table_has_its_words(language):
    words = catalogue(language)
    for metric in METRICS.values():
        assert words[f"metric.{metric.name}.title"]
        assert words[f"metric.{metric.name}.formula"]
        assert words[f"metric_unit.{metric.unit}"]
        assert words[f"catalog.better_{metric.better}"]
        for part in metric.parts:
            assert words[f"part.{part.name}"]
        for table in metric.needs:
            assert table in TABLES
            assert words[f"table.{table}"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_metrics_share_a_title(language):
    names = [catalogue(language)[f"metric.{name}.title"] for name in METRICS]
    assert len(set(names)) == len(names)


def titles(test) -> list[str]:
    """Of the metrics on the page."""
    drawn = "".join(part.proto.body for part in test.get("html"))
    return [unescape(title) for title in re.findall(r"<h3>(.*?)</h3>", drawn)]


@pytest.mark.parametrize(("language", "title"), [("zh", "净收入"), ("en", "Net revenue")])
@pytest.mark.parametrize("role", ["manager", "executive", "analyst", "admin", "compliance"])
def test_everybody_reads_all_metrics(opened, role, language, title):
    test = opened("catalog", role, language)
    assert not test.exception
    assert title in titles(test)
    assert len(titles(test)) == len(METRICS)


@pytest.mark.parametrize(
    ("wanted", "found"), [("复购率", ["复购率"]), ("REPEAT_purchase", ["复购率"]), ("没有这个", [])]
)
def test_the_search_looks_through_titles_and_names(opened, wanted, found):
    test = opened("catalog", "manager")
    test.text_input(key="catalog_search").set_value(wanted).run()
    assert titles(test) == found
    assert ("没有与" in said(test)) == (not found)
