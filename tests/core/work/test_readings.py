"""Figures that no data tells: typed, corrected, removed, read from files line by line, and those that the worker keeps."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.app import House
from core.errors import Forbidden, Unknown
from core.models.scores import rows
from core.models.scores.drift import spread
from core.scope import Operator, Scope
from core.store import register
from core.store.register import RegisterChanged
from core.store.tables import AuditEntry
from core.work import duties, readings, scores
from core.work.questions import readings as questions
from core.work.questions import scores as score_questions
from core.work.questions import scoring
from core.work.questions.reading import reading
from core.work.readings import Bad, Imported, InvalidReading
from tests import lakes
from tests.core.questions.test_scores import orders

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
TODAY = date(2026, 11, 20)
LIN = Operator(1, "lin", "analyst")
OPINION, POLICY, CHURN = "public_opinion", "policy_change", "churn_mass"


@pytest.fixture
def home(tmp_path):
    made = lakes.home(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def do(home):
    """A use case by its name, by lin."""

    def call(use_case: str, /, *args, who: Operator = LIN, **named):
        return getattr(readings, use_case)(home, home.store, who, *args, now=NOW, **named)

    return call


def reason(refused) -> object:
    return refused.value.details["reason"]


def standing(home, kind: str) -> list[tuple[date, float, str]]:
    return [(one.day_on, one.value, one.note) for one in questions.listed(home, LIN, kind)]


def values(home, kind: str, **asked) -> list[float | None]:
    found = questions.lines(home, **asked)[kind].values
    assert found.shape[0] == 1
    return [None if np.isnan(one) else one for one in found[0].tolist()]


# -- one by one --------------------------------------------------------------------------------------------------------


def test_a_reading_is_said_corrected_removed_and_said_anew(home, do):
    said = do("put", OPINION, TODAY, 640, note=" from  the service ")
    assert (said.key, said.revision, said.value, said.note, said.source) == ("2026-11-20", 1, 640.0, "from the service", "hand")  # fmt: skip
    do("put", OPINION, TODAY, 812.5, revision=1)
    assert standing(home, OPINION) == [(TODAY, 812.5, "")]
    do("remove", OPINION, said.key, revision=2)
    assert standing(home, OPINION) == []
    with pytest.raises(InvalidReading) as refused:
        do("remove", OPINION, said.key, revision=3)
    assert reason(refused) == "gone"
    assert do("put", OPINION, TODAY, 700).revision == 4
    told = questions.history(home, LIN, OPINION, said.key)
    assert [(one.value, one.is_removed) for one in told] == [(700, False), (812.5, True), (812.5, False), (640, False)]
    with home.store.reading() as session:
        actions = [entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.sequence))]
    assert actions == ["reading.put", "reading.put", "reading.removed", "reading.put"]


def test_whoever_does_not_know_what_stands_changes_nothing(home, do):
    do("put", OPINION, TODAY, 640)
    for revision in (0, 2):
        with pytest.raises(RegisterChanged):
            do("put", OPINION, TODAY, 700, revision=revision)
        with pytest.raises(RegisterChanged):
            do("remove", OPINION, "2026-11-20", revision=revision)
    with pytest.raises(Unknown):
        do("remove", OPINION, "2026-11-19", revision=1)
    with pytest.raises(Unknown):
        do("put", "weather", TODAY, 1)


def test_a_day_may_have_several_changes_of_policy_and_each_is_there_once(home, do):
    first = do("put", POLICY, TODAY, 4, note="Fewer broadcasts a month")
    do("put", POLICY, TODAY, 2, note="New icons")
    with pytest.raises(RegisterChanged):
        do("put", POLICY, TODAY, 4, note=" fewer  broadcasts a month")
    moved = do("put", POLICY, TODAY - timedelta(days=1), 5, note="No more broadcasts", key=first.key, revision=1)
    assert (moved.key, moved.revision) == (first.key, 2)
    assert standing(home, POLICY) == [(TODAY - timedelta(days=1), 5, "No more broadcasts"), (TODAY, 2, "New icons")]
    with pytest.raises(Unknown):
        do("put", POLICY, TODAY, 3, note="Else", key="nothing")


@pytest.mark.parametrize(
    ("kind", "on", "value", "note", "why"),
    [
        (OPINION, TODAY + timedelta(days=1), 1, "", "future"), (OPINION, date(1969, 12, 31), 1, "", "early"), (OPINION, TODAY, -0.1, "", "range"),
        (OPINION, TODAY, float("nan"), "", "number"), (OPINION, TODAY, float("inf"), "", "number"), (CHURN, TODAY, 1.01, "", "range"),
        (POLICY, TODAY, 0, "x", "range"), (POLICY, TODAY, 6, "x", "range"), (POLICY, TODAY, 2.5, "x", "range"), (POLICY, TODAY, 3, " ", "text"),
        (OPINION, TODAY, 1, "x" * 501, "text"),
    ],
)  # fmt: skip
def test_a_reading_beyond_its_limits_is_refused(kind, on, value, note, why):
    with pytest.raises(InvalidReading) as refused:
        readings._values(questions.BUILT_IN[kind], on, value, note, TODAY)
    assert reason(refused) == why


@pytest.mark.parametrize(
    ("kind", "on", "value", "note"),
    [(OPINION, TODAY, 0, ""), (OPINION, date(1970, 1, 1), 1e12, ""), (CHURN, TODAY, 1, ""), (POLICY, TODAY, 5, "x" * 500)],
)  # fmt: skip
def test_a_reading_at_its_limits_is_taken(kind, on, value, note):
    told = readings._values(questions.BUILT_IN[kind], on, value, note, TODAY)
    assert told == {"day_on": on, "value": float(value), "note": note}


@pytest.mark.parametrize(
    ("who", "may_see"),
    [(Operator(2, "wu", "manager"), True), (Operator(3, "he", "analyst", Scope(frozenset({"east"}))), False)],
)
def test_readings_are_of_the_whole_house(home, do, who, may_see):
    said = do("put", OPINION, TODAY, 640)
    for use_case, args, named in (
        ("put", (OPINION, TODAY, 1), {"revision": 1}),
        ("remove", (OPINION, said.key), {"revision": 1}),
        ("import_csv", (OPINION, b"2026-11-19,1"), {}),
        ("add_kind", ("Rain", "score"), {}),
        ("change_kind", (OPINION,), {"name": "Rain"}),
    ):
        with pytest.raises(Forbidden):
            do(use_case, *args, who=who, **named)
    if may_see:
        assert len(questions.listed(home, who, OPINION)) == 1
    else:
        for ask in (lambda: questions.listed(home, who, OPINION), lambda: questions.kinds(home, who)):
            with pytest.raises(Forbidden):
                ask()


def test_of_two_who_say_it_at_once_one_is_told(home, do):
    told, start = [], threading.Barrier(2)

    def act(value: int) -> None:
        start.wait()
        try:
            told.append(do("put", OPINION, TODAY, value).revision)
        except RegisterChanged as refused:
            told.append(refused)

    threads = [threading.Thread(target=act, args=(value,)) for value in (1, 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(isinstance(one, RegisterChanged) for one in told) == [False, True]
    assert len(standing(home, OPINION)) == 1


# -- kinds of the house ------------------------------------------------------------------------------------------------


def test_a_house_names_kinds_of_its_own(home, do):
    rain = do("add_kind", " Rain  days ", "share")
    assert (rain.name, rain.unit, rain.low, rain.high, rain.is_of_days) == ("Rain days", "share", 0, 1, True)
    do("put", rain.key, TODAY, 0.25)
    assert values(home, rain.key) == [0.25]
    with pytest.raises(InvalidReading) as refused:
        do("add_kind", "RAIN DAYS", "count")
    assert reason(refused) == "taken"
    do("change_kind", rain.key, name="Wet days", is_archived=True)
    assert [one.key for one in questions.kinds(home, LIN)] == [OPINION, POLICY, CHURN]
    assert [one.name for one in questions.kinds(home, LIN, with_archived=True)][3:] == ["Wet days"]
    assert questions.lines(home) == {}
    with pytest.raises(InvalidReading) as refused:
        do("put", rain.key, TODAY - timedelta(days=1), 0.25)
    assert reason(refused) == "archived"
    do("add_kind", "Wet days", "count")
    with pytest.raises(InvalidReading):
        do("change_kind", rain.key, name="Wet days")
    do("change_kind", rain.key, name="Rain days")
    assert values(home, rain.key) == [0.25]


@pytest.mark.parametrize(("name", "unit", "why"), [("", "score", "name"), ("x" * 61, "score", "name"), ("Rain", "metres", "unit")])  # fmt: skip
def test_a_kind_has_a_name_and_a_unit(do, name, unit, why):
    with pytest.raises(InvalidReading) as refused:
        do("add_kind", name, unit)
    assert reason(refused) == why


def test_kinds_of_the_product_are_not_renamed_and_those_of_a_house_are_not_without_end(do, monkeypatch):
    with pytest.raises(Unknown):
        do("change_kind", OPINION, name="Rain")
    monkeypatch.setattr(readings, "MOST_KINDS", 1)
    do("add_kind", "Rain", "score")
    with pytest.raises(InvalidReading) as refused:
        do("add_kind", "Snow", "score")
    assert reason(refused) == "kinds"


# -- from a file -------------------------------------------------------------------------------------------------------

FILE = """日期,指数,备注
2026-11-16,640,
2026/11/17,"1,020.5",热搜
2026年11月18日,很高,
2026-11-31,5,

2026-11-16,650,
2026-11-21,5,
2026-11-19,-3,
1969-01-01,3,
2026-11-15
2026-11-14,7,a,b
"""
TOLD = Imported(
    2, 0, 0,
    (
        Bad(4, "2026年11月18日,很高,", "number"), Bad(5, "2026-11-31,5,", "date"), Bad(7, "2026-11-16,650,", "repeated"), Bad(8, "2026-11-21,5,", "future"),
        Bad(9, "2026-11-19,-3,", "range"), Bad(10, "1969-01-01,3,", "early"), Bad(11, "2026-11-15", "cells"), Bad(12, "2026-11-14,7,a,b", "cells"),
    ),
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_valid_lines_are_kept_and_bad_ones_told_with_line_and_reason(home, do, encoding):
    assert do("import_csv", OPINION, FILE.encode(encoding)) == TOLD
    assert standing(home, OPINION) == [(date(2026, 11, 16), 640, ""), (date(2026, 11, 17), 1020.5, "热搜")]


def test_the_same_file_again_changes_nothing_and_another_figure_corrects(home, do):
    assert do("import_csv", OPINION, b"2026-11-16;640\n2026-11-17;650\n") == Imported(2, 0, 0, ())
    assert do("import_csv", OPINION, b"2026-11-16;640\n2026-11-17;650\n") == Imported(0, 0, 2, ())
    do("put", OPINION, date(2026, 11, 16), 641, note="by hand", revision=1)
    do("remove", OPINION, "2026-11-17", revision=1)
    assert do("import_csv", OPINION, b"date\tvalue\n20261116\t642\n20261117\t650\n2026.11.18 00:00\t1\n") == Imported(2, 1, 0, ())  # fmt: skip
    assert standing(home, OPINION) == [
        (date(2026, 11, 16), 642, "by hand"), (date(2026, 11, 17), 650, ""), (date(2026, 11, 18), 1, ""),
    ]  # fmt: skip
    assert [one.source for one in questions.history(home, LIN, OPINION, "2026-11-16")] == ["import", "hand", "import"]


def test_changes_of_policy_come_with_their_words(home, do):
    file = (
        "date,impact,what\n2026-11-16,4,Fewer broadcasts\n2026-11-16,2,New icons\n2026-11-16,3,\n2026-11-17,3.5,Half\n"
    )
    told = do("import_csv", POLICY, file.encode())
    assert told == Imported(2, 0, 0, (Bad(4, "2026-11-16,3,", "cells"), Bad(5, "2026-11-17,3.5,Half", "range")))
    assert do("import_csv", POLICY, file.encode()).unchanged == 2
    assert values(home, POLICY) == [4]


def test_shares_come_in_percent_or_not(home, do):
    told = do("import_csv", CHURN, b"2026-11-16,21.5%\n2026-11-17,0.2\n2026-11-18,20\n")
    assert told == Imported(2, 0, 0, (Bad(3, "2026-11-18,20", "range"),))
    assert values(home, CHURN) == [0.215, 0.2]
    assert do("import_csv", OPINION, b"2026-11-16,21%\n").bad == (Bad(1, "2026-11-16,21%", "number"),)


def test_a_first_line_that_nearly_tells_a_day_is_told_as_bad(do):
    assert do("import_csv", OPINION, b"2026-13-01,high\n2026-11-16,1\n") == Imported(1, 0, 0, (Bad(1, "2026-13-01,high", "date"),))  # fmt: skip
    assert do("import_csv", OPINION, b"today,5\n").bad == (Bad(1, "today,5", "date"),)


def test_a_file_that_is_none_or_too_large_is_refused_as_a_whole(home, do, monkeypatch):
    assert do("import_csv", OPINION, b"") == Imported(0, 0, 0, ())
    with pytest.raises(Unknown):
        do("import_csv", "weather", b"2026-11-16,1\n")
    with pytest.raises(InvalidReading) as refused:
        do("import_csv", OPINION, b"x" * ((1 << 20) + 1))
    assert reason(refused) == "bytes"
    with pytest.raises(InvalidReading) as refused:
        do("import_csv", OPINION, b"\xff\xfe1")
    assert reason(refused) == "file"
    monkeypatch.setattr(readings, "MOST_LINES", 2)
    with pytest.raises(InvalidReading) as refused:
        do("import_csv", OPINION, b"2026-11-16,1\n2026-11-17,1\n2026-11-18,1\n")
    assert reason(refused) == "lines"
    assert standing(home, OPINION) == []


@given(st.binary(max_size=200))
def test_no_bytes_end_in_a_fault(content):
    try:
        lines = list(readings._lines(content))
    except InvalidReading:
        return
    good, bad = readings._sorted(questions.BUILT_IN[OPINION], lines, TODAY)
    assert len(lines) - len(good) - len(bad) in (0, 1)  # a header


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", " %Y.%m.%d ", "%Y-%m-%d 00:00:00"]))  # fmt: skip
def test_days_are_read_in_every_common_form(on, form):
    assert readings.parsed_day(on.strftime(form)) == on


@given(st.integers(-(10**9), 10**9), st.integers(0, 3))
def test_numbers_are_read_with_and_without_thousands(whole, digits):
    number = whole / 10**digits
    assert readings.parsed_number(f"{number:,.{digits}f}", is_share=False) == number
    assert readings.parsed_number(f"{number:.{digits}f}", is_share=False) == number


# -- lines -------------------------------------------------------------------------------------------------------------


def test_a_line_begins_with_the_first_reading_and_a_day_without_one_is_unknown(home, do):
    do("put", OPINION, TODAY - timedelta(days=3), 640)
    do("put", OPINION, TODAY - timedelta(days=1), 650)
    found = questions.lines(home)[OPINION]
    assert (found.indicator, found.by, found.start_on, found.names) == (OPINION, "", TODAY - timedelta(days=3), ("",))
    assert [(one.by, one.key) for one in found.places] == [("", "")]
    assert np.isnan(found.bases).all() and found.bases.shape == found.values.shape
    assert values(home, OPINION) == [640, None, 650]
    assert values(home, OPINION, until_on=TODAY + timedelta(days=1)) == [640, None, 650, None]
    assert values(home, OPINION, until_on=TODAY - timedelta(days=1)) == [640, None]
    assert values(home, OPINION, days=2) == [None, 650]
    assert questions.lines(home, until_on=TODAY - timedelta(days=3)) == {}
    assert readings.lines is questions.lines


def test_a_day_on_which_nobody_told_of_a_change_of_policy_has_none(home, do):
    for days, impact in ((3, 2), (3, 4), (1, 3)):
        do("put", POLICY, TODAY - timedelta(days=days), impact, note=f"change {impact}")
    assert values(home, POLICY) == [4, 0, 3]
    assert values(home, POLICY, until_on=TODAY + timedelta(days=1)) == [4, 0, 3, 0]


# -- by the worker -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory):
    """A lake with a live model of who will order no more within 30 days."""
    made = lakes.home(tmp_path_factory.mktemp("readings"))
    lakes.add(made, 1, order_lines=orders())
    scores.train(made, "an", "churn_order", 30, lakes.NOW, lambda *_: None, lambda: False)
    yield made
    made.store.close()


def test_members_likely_to_leave_are_those_above_a_fifth_of_whom_it_was_learnt_from(scored):
    with reading(scored) as lake:
        found = questions.churn_mass(lake)
        model = score_questions.house(lake, "churn_order", 30)
        learnt = rows.joined(
            [score_questions.sampled(lake, "churn_order", 30, day) for day in model.window.training]
        ).matrix
        on = scoring.today(lake, "churn_order")
        now = scoring.features(lake, on, "churn_order").matrix
    then, today = (np.sort(model.logistic.chance(matrix)) for matrix in (learnt, now))
    tenths = np.quantile(then, [0.7, 0.8])
    assert tenths[0] < found.limit == pytest.approx(tenths[1], abs=1e-4)  # between two chances either is halfway
    assert (then > found.limit).sum() == len(then) // 5
    assert (found.high, found.members) == (int((today > found.limit).sum()), len(today))
    assert found.on == on - timedelta(days=1)
    assert found.share == found.high / found.members


@given(st.lists(st.integers(-20, 20), max_size=80))
def test_no_more_than_a_fifth_lies_above_the_limit_and_more_above_the_one_before(told):
    known = np.array(told, np.float64)
    found = spread(known)
    edge = questions._upper(found, 0.2)
    if edge is None:
        assert not found.edges or (known > max(found.edges)).mean() > 0.2
        return
    assert (known > edge).mean() <= 0.2 + 1e-9
    assert all((known > lower).mean() > 0.2 for lower in found.edges if lower < edge)


def test_the_worker_keeps_one_reading_a_day_and_what_a_person_said_of_it(scored):
    chore = next(one for one in duties.chores(House(scored.settings)) if one.name == "churn")
    assert [chore.do(NOW) for _ in range(2)] == ["1 shares of members likely to leave kept", None]
    (kept,) = questions.listed(scored, LIN, CHURN)
    with reading(scored) as lake:
        found = questions.churn_mass(lake)
    assert (kept.day_on, kept.value, kept.source, kept.by) == (found.on, found.share, "worker", "system")
    assert kept.note == f"churn_order_30d #{found.model.model_id}.1: {found.high}/{found.members}"
    values = {"day_on": found.on, "value": 0.9, "note": "", "source": "worker"}
    with scored.store.transaction() as session:  # as it was before more data of the day came
        register.write_reading(session, CHURN, kept.key, values, after=1, by="system", now=NOW)
    assert readings.keep_churn(scored, NOW) == 1
    readings.put(scored, scored.store, LIN, CHURN, found.on, 0.5, revision=3, now=lakes.NOW)
    assert readings.keep_churn(scored, NOW) == 0
    assert [one.value for one in questions.listed(scored, LIN, CHURN)] == [0.5]
    readings.remove(scored, scored.store, LIN, CHURN, kept.key, revision=4, now=lakes.NOW)
    assert readings.keep_churn(scored, NOW) == 0


def test_without_a_live_model_or_anybody_to_score_nothing_is_kept(home, scored):
    assert readings.keep_churn(home, NOW) == 0
    with reading(scored) as lake:
        few = replace(questions.churn_mass(lake), members=29)
        assert few.share is None
        assert questions.churn_mass(replace(lake, references=None)) is None
