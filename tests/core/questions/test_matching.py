"""Matching over lakes: tags from behaviour, whom a piece and a product fit, and the test on later reads."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Unknown
from core.metrics.matching import FAMILIES
from core.periods import Period
from core.scope import Filters
from core.work.home import Home
from core.work.questions import matching
from core.work.questions.reading import reading
from tests import lakes

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
END = datetime(2025, 3, 31, 4)


def event(who: int, days: int, name: str, content: str | None = None, **more: object) -> dict[str, object]:
    """So many days before the end of March, at noon."""
    return lakes.event(who, (END - timedelta(days=days)).isoformat(), name, content_id=content, channel="wecom", **more)


def described(home: Home) -> None:
    with home.writer.change("import", 2) as change:
        contents = [
            {"content_id": key, "title": f"篇 {key}", "topic": topic, "format": kind, "channel": "wecom", "published_at": lakes.at(f"2025-03-0{day} 04:00")}
            for day, (key, topic, kind) in enumerate((("tea", "茶知识", "article"), ("film", "茶知识", "video"), ("sale", "优惠", "article")), start=1)
        ]  # fmt: skip
        change.merge("contents", lakes.rows("contents", contents))
        products = [
            {"product_id": "p1", "name": "龙井", "category": "绿茶"},
            {"product_id": "p2", "name": "滇红", "category": "红茶"},
        ]
        change.merge("products", lakes.rows("products", products))


def filled(folder: Path) -> Home:
    """1 reads tea again and again, 2 the sale, 3 looks at green tea and buys red one, 4 did nothing for long."""
    home = lakes.home(folder)
    lakes.add(
        home, 1,
        events=[event(1, days, "content_view", "tea") for days in (1, 3, 9)] + [event(2, 2, "content_view", "sale"), event(3, 2, "product_view", product_id="p1")]
        + [event(4, 200, "content_view", "tea"), event(None, 1, "content_view", "tea")],
        order_lines=[lakes.sale(3, "2025-03-20 02:00", "a", 50, product_id="p2")],
    )  # fmt: skip
    described(home)
    return home


def test_a_piece_fits_those_who_do_what_it_is_like(tmp_path: Path):
    with reading(filled(tmp_path), Filters(MARCH)) as lake:
        found = matching.matched(lake, "content", "film")
        other = matching.matched(lake, "content", "tea")
    assert found is not None and other is not None
    assert found.tags == {
        "topic": ("茶知识",),
        "format": ("video",),
        "channel": ("wecom",),
        "hour": ("12",),
        "category": (),
    }
    scores = found.frame.set_index("member_id")["score"]
    assert list(found.frame["member_id"]) == [1, 2, 3]
    assert scores[1] > scores[2] > scores[3] == 0
    assert other.frame.set_index("member_id")["score"][1] == pytest.approx(1.0)
    assert found.frame[list(FAMILIES)].sum(axis=1).to_numpy() == pytest.approx(found.frame["score"].to_numpy())
    assert sum(found.histogram) == found.members == 3
    assert found.without_tags == 1


def test_a_product_fits_by_its_category_and_an_order_weighs_more_than_a_look(tmp_path: Path):
    with reading(filled(tmp_path), Filters(MARCH)) as lake:
        green, red = (matching.matched(lake, "product", one) for one in ("p1", "p2"))
    assert green is not None and red is not None
    assert green.tags == {"category": ("绿茶",)}
    assert red.frame.iloc[0]["member_id"] == green.frame.iloc[0]["member_id"] == 3
    assert red.frame.iloc[0]["score"] > green.frame.iloc[0]["score"] > 0


def test_what_members_do_after_the_period_is_not_looked_at(tmp_path: Path):
    home = filled(tmp_path)
    lakes.add(home, 3, events=[event(5, -3, "content_view", "tea")])
    with reading(home, Filters(MARCH)) as lake:
        found = matching.matched(lake, "content", "tea")
    assert found is not None and 5 not in set(found.frame["member_id"])


def test_categories_of_products_that_events_name_with_a_piece_are_its_tags(tmp_path: Path):
    home = filled(tmp_path)
    lakes.add(home, 3, events=[event(1, 1, "product_view", "tea", product_id="p2")])
    with reading(home, Filters(MARCH)) as lake:
        found = matching.matched(lake, "content", "tea")
    assert found is not None and found.tags["category"] == ("红茶",)


def test_pieces_come_newest_first_then_products(tmp_path: Path):
    with reading(filled(tmp_path)) as lake:
        assert [(one.kind, one.key) for one in matching.choices(lake)] == [
            ("content", "sale"), ("content", "film"), ("content", "tea"), ("product", "p2"), ("product", "p1"),
        ]  # fmt: skip


def test_what_nobody_described_is_refused_and_an_empty_lake_has_no_answer(tmp_path: Path):
    with reading(filled(tmp_path / "filled"), Filters(MARCH)) as lake:
        for kind in ("content", "product"):
            with pytest.raises(Unknown):
                matching.matched(lake, kind, "nothing")  # type: ignore[arg-type]
    with reading(lakes.home(tmp_path / "empty")) as lake:
        assert (matching.known(lake), matching.evaluated(lake), matching.choices(lake)) == (None, None, [])
        assert matching.matched(lake, "content", "tea") is None


def test_a_taste_that_lasts_is_found_in_later_reads(tmp_path: Path):
    """Thirty members read one topic each, before and in the last two weeks."""
    home = lakes.home(tmp_path)
    tastes = {who: ("tea", "sale")[who % 2] for who in range(1, 31)}
    lakes.add(
        home, 1, events=[event(who, days, "content_view", taste) for who, taste in tastes.items() for days in (2, 30)]
    )
    described(home)
    with reading(home, Filters(MARCH)) as lake:
        found = matching.evaluated(lake)
    assert found is not None
    assert (found.readers, found.looked_at, found.pieces) == (30, 30, 2)
    assert (found.score.auc, found.popular.auc, found.lively.auc) == (1.0, 0.5, 0.5)
    assert found.score.lift == pytest.approx(2.0) and found.lively.lift == pytest.approx(1.0)


def test_without_two_pieces_read_later_there_is_no_test(tmp_path: Path):
    home = lakes.home(tmp_path)
    lakes.add(home, 1, events=[event(who, days, "content_view", "tea") for who in (1, 2) for days in (2, 30)])
    described(home)
    with reading(home, Filters(MARCH)) as lake:
        assert matching.evaluated(lake) is None
