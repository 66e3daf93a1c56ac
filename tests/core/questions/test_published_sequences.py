"""The published figures of sequence questions (../shared/data/SOURCES.md), as ``ask`` gives them, scanned and indexed."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.scope import Filters
from core.work import timeline
from core.work.home import Home
from core.work.questions import answers
from tests.bringing import ECOM, SHARED, bring, empty_home, named, shared

ESHOP = SHARED / "uci_eshop_clickstream" / "clickstream+data+for+online+shopping.zip"
STEPS = "product_view,add_to_cart,cart,shipping_details,payment_details,purchase"


@pytest.fixture(scope="module", params=["indexed", "scanned"])
def ecom(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with empty_home(tmp_path_factory.mktemp("ecom")) as home:
        bring(home, shared(ECOM), named(home, "ecom"))
        if request.param == "scanned":
            timeline.Timeline(home.lake.root).sweep([], set(), grace_s=-1)
        yield home


@pytest.fixture(scope="module")
def eshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with empty_home(tmp_path_factory.mktemp("eshop")) as home:
        bring(home, shared(ESHOP), named(home, "eshop"))
        yield home


def asked(home: Home, question: str, **options: Any) -> list[dict[str, Any]]:
    return answers.ask(home, question, Filters(), options)


@pytest.mark.parametrize(
    ("options", "members"),
    [
        ({"within": "none"}, [598, 517, 429, 329, 222, 114]),
        ({"within": "7d"}, [598, 487, 353, 210, 109, 40]),
        ({"within": "1d"}, [598, 482, 324, 169, 69, 16]),
        ({"within": "none", "order": "any"}, [598, 522, 489, 441, 390, 328]),
        ({"within": "none", "count": "sessions"}, [2868, 944, 477, 194, 72, 15]),
    ],
    ids=["no window", "7 days", "1 day", "any order", "by session"],
)
def test_the_shop_has_its_published_funnels(ecom: Home, options: dict[str, str], members: list[int]):
    assert [row["members"] for row in asked(ecom, "funnel", steps=STEPS, **options)] == members


def test_the_shop_has_its_published_sessions(ecom: Home):
    (row,) = asked(ecom, "sessions")
    assert (row["members"], row["sessions"]) == (600, 3605)


def test_the_clothing_shop_has_its_published_sessions_per_page(eshop: Home):
    def reaching(page: int) -> int:
        pages = "|".join(f"page_{number}" for number in range(page, 6))
        return int(asked(eshop, "sessions", holding=pages)[0]["sessions"])

    assert [reaching(page) for page in range(1, 6)] == [24_026, 14_504, 9_125, 4_779, 1_631]
    assert asked(eshop, "sessions")[0]["bounces"] == 5_042
