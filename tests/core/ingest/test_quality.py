"""What each check finds, and what it leaves alone."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from core.work import quality
from core.work.home import Home
from core.work.quality import Finding
from tests.bringing import NOW, bring, mapping, order_lines

HEAD = "time,what,who\n"
FRESH = "2026-11-20 08:00:00"


def found(home: Home, text: str, **options: object) -> dict[str, Finding]:
    done = bring(home, text, mapping(), **options)
    return {finding.check: finding for finding in quality.findings(home, done.batch)}


def test_a_clean_file_has_no_findings_and_full_marks(home: Home) -> None:
    assert found(home, HEAD + f"{FRESH},view,u1\n{FRESH},view,u2\n") == {}
    [score] = quality.history(home, "shop")
    assert (score.accuracy_share, score.completeness_share, score.consistency_share) == (1.0, 1.0, 1.0)


def test_rejected_duplicate_nameless_and_future_rows_are_counted(home: Home) -> None:
    text = HEAD + f"{FRESH},view,u1\n{FRESH},view,u1\n{FRESH},view,\n2027-01-01,view,u1\nsoon,view,u1\n"
    said = found(home, text)
    assert said == {
        "rejected": Finding("rejected", "error", 2, {"reasons": {"time.future": 1, "time.unreadable": 1}}),
        "future": Finding("future", "warning", 1, {}),
        "duplicate": Finding("duplicate", "info", 1, {"is_all": False}),
        "nameless": Finding("nameless", "warning", 1, {"share": 0.5}),
    }
    [score] = quality.history(home)
    # 2 of 5 rejected; of the 2 taken, person 1, time 2 and name 2 of 2 are filled; 1 of 5 came twice
    assert (score.accuracy_share, score.completeness_share, score.consistency_share) == pytest.approx((0.6, 5 / 6, 0.8))


def test_names_that_are_held_are_found(home: Home) -> None:
    said = found(home, HEAD + f"{FRESH},a,u1\n{FRESH},a,u2\n{FRESH},b,u1\n", is_named=False)
    assert said["unknown_name"] == Finding("unknown_name", "warning", 3, {"names": ["a", "b"], "name_count": 2})


@pytest.mark.parametrize(("count", "is_burst"), [(60, False), (61, True)])
def test_more_than_sixty_facts_of_one_person_in_a_minute_look_like_a_script(
    home: Home, count: int, is_burst: bool
) -> None:
    start = datetime(2026, 11, 20, 8)
    rows = [f"{start + timedelta(milliseconds=900 * n)},e{n},u1" for n in range(count)]
    rows += [f"{start + timedelta(minutes=n)},e,u2" for n in range(59)]
    said = found(home, HEAD + "\n".join(rows) + "\n")
    assert ("burst" in said) is is_burst
    if is_burst:
        assert said["burst"] == Finding("burst", "warning", count, {"people": 1, "most_in_a_minute": count})


def test_an_amount_far_from_the_others_is_an_outlier(home: Home) -> None:
    rows = [f"A{n},{FRESH},s,1,{10 + n % 7},c{n}" for n in range(50)] + [f"B,{FRESH},s,1,90000,c"]
    done = bring(home, "no,time,sku,qty,price,who\n" + "\n".join(rows) + "\n", order_lines())
    [outlier] = [f for f in quality.findings(home, done.batch) if f.check == "outlier"]
    assert (outlier.count, outlier.details["largest_minor"]) == (1, 9_000_000)


def test_adjustments_and_unmarked_refunds_are_told_apart(home: Home) -> None:
    text = f"no,time,sku,qty,price,who\nA,{FRESH},s,-1,0,c\nA,{FRESH},s,-1,2,c\nA,{FRESH},s,1,2,c\n"
    done = bring(home, text, order_lines())
    said = {f.check: f.count for f in quality.findings(home, done.batch)}
    assert (said["adjustment"], said["unmarked_refund"]) == (1, 1)


def days(counts: list[int], here: list[int] | None = None) -> pd.DataFrame:
    first = date(2026, 1, 5)
    return pd.DataFrame(
        {
            "local_date": [first + timedelta(days=7 * n) for n in range(len(counts))],
            "n": counts,
            "here": here or [1] * len(counts),
        }
    )


def test_a_day_is_odd_beyond_half_or_twice_the_median_of_its_weekday() -> None:
    usual = [100, 100, 100, 100]
    assert quality.odd_days(days([*usual, 50, 200, 100])) == []
    assert quality.odd_days(days([*usual, 49, 100])) == [(date(2026, 2, 2), 49, 100.0)]
    assert quality.odd_days(days([*usual, 201, 100])) == [(date(2026, 2, 2), 201, 100.0)]


def test_days_of_other_batches_the_newest_day_and_days_without_a_past_are_not_judged() -> None:
    assert quality.odd_days(days([100, 100, 100, 100, 1, 100], here=[0, 0, 0, 0, 0, 1])) == []
    assert quality.odd_days(days([100, 100, 100, 100, 1])) == []
    assert quality.odd_days(days([100, 100, 100, 1, 100])) == []


def test_old_data_is_said_to_be_old(home: Home) -> None:
    said = found(home, HEAD + "2026-11-10 09:02:03,view,u1\n")
    assert said["stale"].details == {"newest_at": "2026-11-10T01:02:03", "days": 10.0}
    assert quality.newest(home) == {"shop": datetime(2026, 11, 10, 1, 2, 3)}


def test_an_empty_file_is_said_to_be_empty_and_has_no_score(home: Home) -> None:
    assert found(home, HEAD) == {"empty": Finding("empty", "warning", 0, {})}
    assert quality.history(home) == []


def test_judging_again_replaces_what_was_found(home: Home) -> None:
    done = bring(home, HEAD + f"{FRESH},view,\n", mapping())
    quality.check(home, done.batch, now=NOW.astimezone(UTC))
    assert [f.check for f in quality.findings(home, done.batch)] == ["nameless"]
    assert len(quality.history(home)) == 1
