"""流失与转化, through the frame: figures and the people behind them, segments, the trial of the model, the registry, what is refused and to whom."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from core.scope import SYSTEM
from core.segments import language as segment_language
from core.store import jobs
from core.store import scores as store
from core.store import segments as kept
from core.work import scores as work
from core.work import segments
from core.work.home import Home
from core.work.questions import scores as questions
from core.work.questions import segments as counted
from core.work.questions.reading import reading
from dashboard import i18n
from dashboard.web import wiring
from dashboard.widgets.segments import links
from tests import lakes
from tests.core.questions.test_scores import LAST, orders
from tests.dashboard.pages.conftest import current, go, said, title
from tests.dashboard.pages.parts import follow, html, tile

ASKED = questions.Asked("churn_order", 30)
NOW = lakes.NOW


LEARNT: dict[str, object] = {}
"""A model of the members of ``orders``, as a row of the registry."""


@pytest.fixture(scope="module", autouse=True)
def learnt(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = lakes.home(tmp_path_factory.mktemp("learnt"))
    lakes.add(home, 1, order_lines=orders())
    with reading(home) as lake:
        made, window = questions.train(lake, ASKED.target, ASKED.days)
    home.store.close()
    LEARNT.update(
        target=ASKED.target, days=ASKED.days, algorithm="logistic", parameters=made.parameters(), window=window.to_json(), metrics=made.to_json(),
        lake_version=1, made_by="an", made_at=NOW,
    )  # fmt: skip


def fill(home: Home | None = None, *, is_trained: bool = True) -> Home:
    home = home or wiring.house().live
    lakes.add(home, 1, order_lines=orders())
    if is_trained:
        with home.store.transaction() as session:
            store.move(
                session, store.add(session, LEARNT), "candidate", state="live", promoted_by="system", promoted_at=NOW
            )
    return home


def candidate(home: Home) -> int:
    with home.store.transaction() as session:
        return store.add(session, LEARNT)


def open_part(opened, part="risk", role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    test.query_params["part"] = part
    for name, value in ({"sc_target": "churn_order", "sc_days": "30"} | query).items():
        test.query_params[name] = value
    return go(test, "scores")


def part_of(test, part):
    """Another part of the page, as the same person."""
    test.query_params["part"] = part
    return go(test, "scores")


def told(home: Home) -> questions.Scores:
    with reading(home) as lake:
        found = questions.scores(lake, ASKED)
    assert found is not None
    return found


def definition(test, identity: str) -> dict:
    found = re.search(rf'<a id="{identity}" class="keep" href="([^"]*)"', html(test))
    assert found, identity
    packed = parse_qs(urlsplit(unescape(found[1])).query)[links.PARAMETER][0]
    return links.unpacked(packed)  # type: ignore[return-value]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_opens_in_both_languages_and_tells_what_is_counted(opened, language):
    home = fill()
    test = open_part(opened, language=language)
    found = told(home)
    assert not test.exception and title(test) == i18n.text(language, "scores.title")
    assert tile(test, "members")[0] == str(found.members)
    assert tile(test, "expected")[0] == str(round(found.expected))
    assert i18n.text(language, "scores.title_churn_order", days=30) in said(test)
    assert tile(test, "auc")[0] == f"{found.model.quality.auc:.3f}"


def test_no_period_is_offered_where_scores_are_of_the_newest_day(opened):
    home = fill()
    test = open_part(opened, period="7")
    assert not test.exception
    assert "period" not in {one.key for one in test.selectbox}
    assert tile(test, "members")[0] == str(told(home).members)


def test_that_orders_end_before_the_newest_data_is_told(opened):
    late = f"订单只到 {i18n.day(LAST)}"
    home = fill()
    test = open_part(opened)
    assert late not in said(test)
    lakes.add(home, 2, events=[lakes.event(1, f"{LAST + timedelta(days=20)} 04:00")])
    assert all(late in said(part_of(test, part)) for part in ("risk", "quality"))
    assert told(home).cutoff_on == LAST + timedelta(days=1)


def test_every_cell_of_the_board_becomes_the_segment_of_the_people_it_counts(opened):
    home = fill()
    test = open_part(opened)
    with reading(home) as lake:
        for row in told(home).board.itertuples():
            if not row.members:
                continue
            tree = segment_language.parse(definition(test, f"segment-{row.value}-{row.risk}"))
            behind = questions.behind(lake, ASKED, f"board.{row.value}.{row.risk}")
            assert counted.member_ids(lake, tree).tolist() == sorted(behind["member_id"])


def test_people_of_a_cell_are_as_many_as_it_says(opened):
    home = fill()
    test = follow(open_part(opened), "people-board-low-high")
    count = told(home).board.query("value == 'low' and risk == 'high'")["members"].iloc[0]
    assert f"**{count} 位会员** 与数字完全一致" in said(test)


def test_the_most_likely_are_opened_as_many_as_the_tile_says(opened):
    home = fill()
    test = open_part(opened)
    count = tile(test, "likely")[0]
    assert int(count) == told(home).board.query("risk == 'high'")["members"].sum()
    assert f"**{count} 位会员** 与数字完全一致" in said(follow(test, "people-likely"))


def test_tenths_of_fewer_than_thirty_on_trial_are_not_told(opened):
    metrics: dict = LEARNT["metrics"]  # type: ignore[assignment]
    tenths = [one | {"members": 29, "actual": 0.9876} for one in metrics["quality"]["tenths"]]
    few = metrics | {"quality": metrics["quality"] | {"tenths": tenths}}
    home = fill(is_trained=False)
    with home.store.transaction() as session:
        store.move(session, store.add(session, LEARNT | {"metrics": few}), "candidate", state="live")
    test = open_part(opened)
    assert not test.exception and "98.8%" not in html(test)
    test = part_of(test, "quality")
    assert not test.exception and said(test).count("检验时每档不到 30 位会员") == 2 and "在虚线上" not in said(test)


def test_a_share_of_a_cell_of_fewer_than_thirty_is_not_told(opened):
    home = fill()
    assert "%</p>" in html(open_part(opened)).split('id="scores-board"')[1].split("</table>")[0]
    with home.writer.change("import", 2) as change:
        change.merge("units", lakes.rows("units", [{"unit_id": "north", "name": "北区"}]))
        profiles = [{"identity_key": who, "unit_id": "north"} for who in range(1, 21)]
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    few = open_part(opened, role="manager", units=["north"])
    assert 0 < int(tile(few, "members")[0]) < 30
    assert "%" not in html(few).split('id="scores-board"')[1].split("<tbody>")[1].split("</table>")[0]


def test_choices_lead_to_another_target(opened):
    fill()
    test = open_part(opened, sc_target="conversion")
    assert not test.exception and "转化（会下单）" in current(test)
    assert "预计下单" in said(test)


def test_the_trial_stands_beside_the_rival(opened):
    home = fill()
    test = open_part(opened, "quality")
    model = told(home).model
    assert not test.exception
    for name in ("auc", "ks", "log_loss", "brier", "ece"):
        assert tile(test, name)[0] == f"{getattr(model.quality, name):.3f}"
    assert f"{model.rival.auc:.3f}" in said(test)
    assert "对照模型没有明显更好" in said(test) or "对照模型明显更好" in said(test)


@pytest.mark.parametrize("part", ["risk", "quality"])
def test_a_short_history_is_refused_with_a_sentence(opened, part):
    home = wiring.house().live
    first = date(2026, 1, 1)
    lakes.add(home, 1, order_lines=[lakes.sale(1, f"{first + timedelta(days=n)} 04:00", str(n), 5) for n in range(20)])
    test = open_part(opened, part)
    assert not test.exception and "数据只有 19 个完整日，这个预测需要 150 天" in said(test)


def test_the_same_sentence_is_there_in_english(opened):
    home = wiring.house().live
    lakes.add(home, 1, order_lines=[lakes.sale(1, f"2026-01-{1 + n:02} 04:00", str(n), 5) for n in range(20)])
    assert "covers 19 whole days; this takes 150" in said(open_part(opened, language="en"))


@pytest.mark.parametrize("part", ["risk", "quality", "models"])
def test_an_empty_world_says_what_to_do(opened, part):
    assert "还没有数据" in said(open_part(opened, part))


def test_without_a_live_model_one_is_fitted_on_the_spot_and_the_registry_says_so(opened):
    fill(is_trained=False)
    test = open_part(opened)
    assert tile(test, "members")[0] != "0"
    assert "还没有在用模型" in said(part_of(test, "models"))


# -- the registry ------------------------------------------------------------------------------------------------------


def states(home: Home) -> list[str]:
    with home.store.reading() as session:
        return [row.state for row in sorted(store.listed(session, ASKED.target, ASKED.days), key=lambda row: row.id)]


def blinded(home: Home) -> int:
    """Another candidate that sees nothing."""
    parameters: dict = LEARNT["parameters"]  # type: ignore[assignment]
    weight = np.random.default_rng(2).normal(0, 0.3, len(parameters["model"]["weight"])).tolist()
    with home.store.transaction() as session:
        values = LEARNT | {"parameters": parameters | {"model": parameters["model"] | {"weight": weight}}}
        return store.add(session, values)


def opened_box(test, key):
    test.session_state[key] = True
    return test.run()


def test_a_candidate_is_staged_promoted_and_rolled_back_on_the_page(opened):
    home = fill()
    fresh = candidate(home)
    test = open_part(opened, "models")
    test.button(key="scores_stage").click().run()
    assert states(home) == ["live", "staged"] and f"{fresh} 号模型在影子里" in said(test)
    assert "不比在用的" in said(test)
    work.promote(home, wiring.accounts_store(), SYSTEM, fresh, NOW)
    test = opened_box(test, "scores_roll_back")
    test.text_input(key="scores_roll_back_why").set_value("wrong people")
    next(one for one in test.button if one.label == "回滚").click().run()
    assert states(home) == ["live", "retired"] and "1 号模型重新在用" in said(test)


def test_a_worse_model_goes_live_only_with_a_reason(opened):
    home = fill()
    blind = blinded(home)
    work.stage(home, wiring.accounts_store(), SYSTEM, blind, NOW)
    test = opened_box(open_part(opened, "models"), "scores_promote")
    assert "上线需要说明理由" in said(test)
    next(one for one in test.button if one.label == "上线").click().run()
    assert states(home) == ["live", "staged"] and test.error
    test = opened_box(test, "scores_promote")
    test.text_input(key="scores_note").set_value("试一次外呼")
    next(one for one in test.button if one.label == "上线").click().run()
    assert states(home) == ["retired", "live"]


def test_promotion_counts_segments_that_stand_on_scores_anew(opened):
    home = fill()
    tree = {"v": 1, "where": {"score": "churn_order_30d", "op": "at_least", "values": [0.5]}}
    made = segments.save_live(home, wiring.accounts_store(), SYSTEM, "可能流失", tree, now=NOW).id
    blind = blinded(home)
    work.stage(home, wiring.accounts_store(), SYSTEM, blind, NOW)
    test = opened_box(open_part(opened, "models"), "scores_promote")
    assert "可能流失" in said(test)
    test.text_input(key="scores_note").set_value("why not")
    next(one for one in test.button if one.label == "上线").click().run()
    with reading(home) as lake:
        now = (questions.standings(lake, "churn_order", 30)["chance"].to_numpy() >= 0.5).sum()
    with home.store.reading() as session:
        assert kept.one(session, made).member_count == now


def test_the_live_model_is_told_however_many_candidates_came_since(opened):
    home = fill()
    for _ in range(31):
        candidate(home)
    test = open_part(opened, "models")
    assert "在用：1 号模型" in said(test) and "最新 30 个，共 32 个" in said(test)


def test_drift_is_told_however_often_features_were_looked_at_since(opened):
    home = fill()
    with reading(home) as lake, home.store.reading() as session:
        work.look(home, lake, store.one(session, 1), "drift", NOW)
    with home.store.transaction() as session:
        for _ in range(61):
            fine = {"members": 1, "unknown": [], "flat": [], "lost": []}
            store.check(session, 1, "cleaning", "ok", fine, version=1, by="system", now=NOW)
    words = said(open_part(opened, "models"))
    assert i18n.text("zh", "scores.drift_none") not in words and "最新 1–12 条，共 62 条" in words


def test_how_much_hangs_on_features_that_moved_is_told(opened):
    home = fill()
    feature = {"mean_before": 1.0, "mean": 2.0, "away": 1.0, "z": 9.0}
    features = [
        {"name": "orders", "psi": 0.3, "weight": 0.11} | feature,
        {"name": "aov", "psi": 0.25, "weight": 0.02} | feature,
        {"name": "views", "psi": 0.2, "weight": 0.5} | feature,
    ]
    found = {"members": 9, "unusual_share": 0.01, "score": {"psi": 0.02}, "features": features}
    with home.store.transaction() as session:
        store.check(session, 1, "drift", "ok", found, version=1, by="system", now=NOW)
    assert "2 个特征的 PSI 达到 0.25，合计占权重 13.0%（超过 25% 才需重训）。" in said(open_part(opened, "models"))


def test_a_staged_model_of_other_features_is_compared_with_nothing_and_cannot_go_live(opened):
    home = fill()
    parameters: dict = LEARNT["parameters"]  # type: ignore[assignment]
    older = {name: one[1:] if isinstance(one, list) else one for name, one in parameters["model"].items()}
    with home.store.transaction() as session:
        fresh = store.add(session, LEARNT | {"parameters": parameters | {"model": older}})
        store.move(session, fresh, "candidate", state="staged")
    test = open_part(opened, "models")
    assert not test.exception and "影子" in said(test)
    assert "特征已变，不能打分" in said(test) and i18n.text("zh", "scores.trial_gone") in said(test)
    assert "上线" not in {one.label for one in test.button}


def test_training_is_asked_for_and_cancelled_on_the_page(opened):
    home = fill()
    test = open_part(opened, "models")
    test.button(key="scores_train").click().run()
    (job,) = work.training(home.store, "live")
    assert job.state == "queued" and "后台进程没有运行" in "".join(one.value for one in test.warning)
    test.button(key=f"scores_cancel_{job.id}").click().run()
    assert work.training(home.store, "live")[0].state == "cancelled"


def test_why_training_failed_is_told(opened):
    home = fill()
    job_id = work.ask(home, home.store, SYSTEM, "conversion", 30, NOW)
    with home.store.transaction() as session:
        claim = jobs.claim(session, [work.KIND], worker="w", now=NOW)
        details = {"message": "few", "reason": "few_rows", "found": "12", "needed": "200"}
        jobs.finish(session, claim, now=NOW, state="failed", error_code="scores.unfit", error_details=details)
    assert claim.job_id == job_id
    told = said(open_part(opened, "models"))
    assert "最近一次训练（转化（会下单） · 30 天）失败：只有 12 位会员可以用来训练或检验" in told


def test_looks_are_taken_and_told(opened):
    home = fill()
    test = open_part(opened, "models")
    for kind in ("cleaning", "calibration", "drift"):
        test.button(key=f"scores_look_{kind}").click().run()
    assert not test.exception and "检查记录" in said(test) and "孤立森林" in said(test)
    with home.store.reading() as session:
        assert len(store.checks(session, ASKED.target, ASKED.days)) == 3


def test_a_look_with_nothing_to_look_at_says_so(opened):
    home = fill()
    test = open_part(opened, "models")
    with home.store.transaction() as session:
        row = store.one(session, 1)
        row.parameters = row.parameters | {"model": row.parameters["model"] | {"names": ["mood"]}}
    test.button(key="scores_look_calibration").click().run()
    assert not test.exception and "没有校准：" in test.error[0].value
    test.button(key="scores_look_cleaning").click().run()
    assert not test.exception and "没有可检查的内容" in test.error[0].value


def test_the_picture_of_drift_is_of_its_world_and_on_the_clock_of_the_house(opened):
    house = wiring.house()
    for home, psi in ((fill(), 0.11), (fill(house.demo), 0.22)):
        for days in (1, 0):
            details = {"members": 50, "score": {"psi": psi}, "unusual_share": None, "features": []}
            at = datetime(2026, 11, 20 - days, 17, tzinfo=UTC)
            with home.store.transaction() as session:
                store.check(session, 1, "drift", "watch", details, version=1, by="an", now=at)
    test, told = open_part(opened, "models"), []
    for world in ("live", "demo"):
        test.query_params["world"] = world
        test = part_of(test, "models")
        told.append(json.loads(test.get("plotly_chart")[0].proto.spec)["data"][0])
    assert [one["y"] for one in told] == [[0.11, 0.11], [0.22, 0.22]]
    assert [day[:10] for day in told[0]["x"]] == ["2026-11-20", "2026-11-21"]


def test_the_house_chooses_whether_models_go_live_by_themselves(opened):
    home = fill()
    test = open_part(opened, "models")
    test.toggle(key="scores_auto").set_value(True).run()
    work.train(home, "an", ASKED.target, ASKED.days, NOW, lambda *_: None, lambda: False)
    assert states(home) == ["retired", "live"]


@pytest.mark.parametrize(("role", "units"), [("executive", None), ("manager", None), ("analyst", ["north"])])
def test_who_may_not_write_sees_the_registry_and_no_button(opened, role, units):
    candidate(fill())
    test = open_part(opened, "models", role, units=units)
    assert not test.exception and "模型登记" in said(test)
    assert not any(one.key and one.key.startswith("scores_") for one in test.button)


def test_an_executive_sees_figures_and_no_people(opened):
    fill()
    test = open_part(opened, role="executive")
    assert not test.exception and 'id="people-' not in html(test) and 'class="keep"' not in html(test)


def test_compliance_does_not_see_the_page(opened):
    fill()
    test = open_part(opened, role="compliance")
    assert "已打分会员" not in said(test)


# -- one member --------------------------------------------------------------------------------------------------------


def test_member_360_tells_the_chance_with_its_reasons(opened):
    home = fill()
    with reading(home) as lake:
        (own,) = questions.of_member(lake, 7)
    test = opened("catalog", "analyst")
    test.query_params["m"] = "7"
    test.query_params["look"] = "standing"
    test = go(test, "member")
    words = said(test)
    assert not test.exception and "30 天内不再下单的概率" in words
    assert i18n.text("zh", "member.own_chance", chance=f"{own.chance * 100:.1f}%", top=f"{own.top * 100:.0f}%") in words
    assert LAST
