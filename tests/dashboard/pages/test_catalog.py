"""指标目录: every metric in words, in both languages."""

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
    titles = [catalogue(language)[f"metric.{name}.title"] for name in METRICS]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(("language", "title"), [("zh", "净收入"), ("en", "Net revenue")])
@pytest.mark.parametrize("role", ["manager", "executive", "analyst", "admin", "compliance"])
def test_everybody_reads_all_metrics(opened, role, language, title):
    test = opened("catalog", role, language)
    assert not test.exception
    assert title in [one.value for one in test.subheader]
    assert len(test.subheader) == len(METRICS)


@pytest.mark.parametrize(
    ("wanted", "found"), [("复购率", ["复购率"]), ("REPEAT_purchase", ["复购率"]), ("没有这个", [])]
)
def test_the_search_looks_through_titles_and_names(opened, wanted, found):
    test = opened("catalog", "manager")
    test.text_input(key="catalog_search").set_value(wanted).run()
    assert [one.value for one in test.subheader] == found
    assert ("没有与" in said(test)) == (not found)
