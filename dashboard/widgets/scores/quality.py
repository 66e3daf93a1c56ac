"""How good the model is at a later day than any it learnt from: beside its rival, promised beside came, lift, and what weighs."""

from collections.abc import Sequence

import streamlit as st

from dashboard import charts, i18n
from dashboard.data import scores
from dashboard.data.scores import Answer, Model, Quality, Scores, Tenth
from dashboard.i18n import t
from dashboard.widgets import behind, heading, tiles
from dashboard.widgets.member import table
from dashboard.widgets.parts import Asked
from dashboard.widgets.scores import chart, scored, words
from dashboard.widgets.tiles import Tile

KEYS = words.KEYS
WIDTH = 170
FIGURES = ("auc", "ks", "log_loss", "brier", "ece")


def show(asked: Asked) -> None:
    asked = scored.dated(asked)
    answer = scored.read(asked, "card_scores_quality")
    if answer is None:
        return
    own, model = answer.found.asked, answer.found.model
    key = f"{answer.key}|{model.scorer}"
    with st.container(border=True, key="card_scores_quality"):
        _head(answer, asked)
        words.choices(own)
        st.html(tiles.wall(_tiles(model.quality), WIDTH))
        _beside(model)
    _by_tenths(scores.tenths(model), key)
    with st.container(border=True, key="card_scores_weights"):
        st.html(
            heading.section(t("scores.weights"), t("scores.weights_lead", event=words.event(own)), "scores-weights")
        )
        charts.show("scores_weights", key, lambda: chart.weights(model), alt=t("scores.weights"))
        _weights(model)


def _by_tenths(tenths: Sequence[Tenth], key: str) -> None:
    few = t("scores.tenths_few", least=scores.SMALL)
    with st.container(border=True, key="card_scores_calibration"):
        lead = t("scores.calibration_lead") if tenths else few
        st.html(heading.section(t("scores.calibration"), lead, "scores-calibration"))
        if tenths:
            charts.show("scores_calibration", key, lambda: chart.calibration(tenths), alt=t("scores.calibration"))
    with st.container(border=True, key="card_scores_lift"):
        lead = few
        if tenths:
            first = tenths[0]
            lead = t("scores.lift_lead", lift=i18n.number(first.lift, 1), captured=i18n.share(first.captured, 0))
        st.html(heading.section(t("scores.lift"), lead, "scores-lift"))
        if tenths:
            charts.show("scores_lift", key, lambda: chart.lift(tenths), alt=t("scores.lift"))


def _head(answer: Answer[Scores], asked: Asked) -> None:
    model = answer.found.model
    lead = t(
        "scores.quality_lead", members=i18n.number(model.quality.members), test=i18n.day(model.window.test), days=model.days,
        rate=i18n.share(model.quality.rate), trained=i18n.number(model.training_members), cutoffs=len(model.window.training),
    )  # fmt: skip
    behind.head(
        "scores_quality",
        heading.section(t("scores.quality"), lead, "scores-quality"),
        answer,
        scored.contract(answer.found),
        asked.in_words,
    )


def _tiles(quality: Quality) -> list[Tile]:
    told = {"auc": t("scores.interval", low=i18n.number(quality.auc_low, 3), high=i18n.number(quality.auc_high, 3))}
    return [
        Tile(
            name,
            t(f"scores.{name}"),
            i18n.number(getattr(quality, name), 3),
            "",
            t(f"scores.means_{name}"),
            tiles.lines(told.get(name, "")),
            (),
        )
        for name in FIGURES
    ]


def _beside(model: Model) -> None:
    other = t("scores.as_fitted" if model.is_calibrated else "scores.as_calibrated")
    rows = [
        (t("scores.model_logistic"), *_figures(model.quality)),
        (f"{t('scores.model_logistic')}{t('number.then')}{other}", *_figures(model.other)),
        (t("scores.model_boosting"), *_figures(model.rival)),
    ]
    titles = [t("scores.model"), *(t(f"scores.{name}") for name in FIGURES)]
    st.html(
        f'<div class="parts-of">{table.html(titles, rows, numbers=range(1, 6))}{words.paragraphs(verdict(model))}</div>'
    )


def _figures(quality: Quality) -> list[str]:
    return [i18n.number(getattr(quality, name), 3) for name in FIGURES]


def verdict(model: Model) -> str:
    """Whether the rival is better."""
    against = model.against
    told = {
        "auc": i18n.signed(against.auc, 3),
        "p": i18n.number(against.auc_p, 3),
        "clearly": i18n.number(scores.CLEARLY, 2),
    }
    return t("scores.rival_better" if against.is_clearly_better else "scores.rival_not_better", **told)


def _weights(model: Model) -> None:
    box = st.popover(
        t("scores.all_features"), icon=":material/list:", type="tertiary", key="scores_weights_all", on_change="rerun"
    )
    if not box.open:
        return
    weighed = sorted(
        zip(model.logistic.names, model.logistic.weight.tolist(), strict=True), key=lambda one: (-abs(one[1]), one[0])
    )
    rows = [
        (words.feature(name), i18n.signed(weight, 3) if weight else t("scores.same_for_all"), words.meaning(name))
        for name, weight in weighed
    ]
    with box:
        st.html(table.html([t("scores.feature"), t("scores.weight"), t("scores.feature_means")], rows, numbers=(1,)))
