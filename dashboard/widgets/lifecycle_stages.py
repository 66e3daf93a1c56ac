"""Stages of a member's life: how many stand where, the goal there, and what to do next."""

from html import escape

import streamlit as st

from core.errors import InvalidLifecycle
from dashboard import i18n
from dashboard.data import lifecycle
from dashboard.data.lifecycle import Limits, Stage, StageView
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import lifecycle_chart as pictures
from dashboard.widgets import lifecycle_choices as choices
from dashboard.widgets import lifecycle_who as who
from dashboard.widgets import tiles
from dashboard.widgets.tiles import Tile, Way

WIDTH = 190
"""Pixels that a card takes at least."""


def show(asked: Filters, new_days: int, lost_days: int, link: str | None) -> StageView | None:
    """Draw the stages. ``link``: what an address of people begins with; None for those who may not see them. None where there
    is no answer, of which the page has then said why."""
    st.html(f"<h2>{escape(t('lifecycle.stages'))}</h2>")
    choices.show_limits()
    try:
        view = lifecycle.stages(asked, Limits(new_days, lost_days))
    except InvalidLifecycle as error:
        refused(error)
        return None
    st.html(_wall(key=f"{view.key}|{i18n.language()}|{link}", _view=view, _asked=asked, _link=link))
    return view


@kept.by_key(64)
def _wall(key: str, _view: StageView, _asked: Filters, _link: str | None) -> str:  # noqa: ARG001 - what it is kept by
    """Made once per answer, language and address, which ``key`` names."""
    stages = _view.stages
    lead = t("lifecycle.stages_lead", day=i18n.day(stages.on), count=i18n.number(len(stages.ids)))
    cards = tiles.wall([_card(_view, _asked, stage, _link) for stage in Stage], WIDTH)
    rest = f'<p class="lead">{escape(t("funnel.people_forbidden"))}</p>' if _link is None else ""
    return f'<p class="lead">{escape(lead)}</p>{cards}{rest}'


def _card(view: StageView, asked: Filters, stage: Stage, link: str | None) -> Tile:
    name = stage.name.lower()
    count, total = view.counts[stage], len(view.stages.ids)
    ways = []
    if link is not None:
        words = t("lifecycle.list_of", count=i18n.number(count))
        ways.append(Way(words, f"{link}{who.of_stage(stage)}" if count else None, "keep box").html(f"people-{name}"))
    return Tile(
        name,
        t(f"lifecycle.stage_{name}"),
        pictures.figure_of(count),
        pictures.share(count, total),
        means(stage, view.stages.limits),
        "".join(
            f"<p><b>{escape(t(f'lifecycle.{part}'))}</b> {escape(t(f'lifecycle.{part}_{name}'))}</p>"
            for part in ("goal", "action")
        ),
        (*ways, *_ways_on(view, asked, stage)),
    )


def _ways_on(view: StageView, asked: Filters, stage: Stage) -> list[str]:
    """Where the next step can be looked into: buying again for buyers, the stage's journey for others."""
    found = []
    if stage == Stage.BUYING and view.has_orders:
        found.append(_link(lifecycle.to_repurchase(asked), t("lifecycle.to_repurchase")))
    journey = view.journey(stage)
    if journey:
        found.append(_link(lifecycle.to_funnel(asked, journey), t("lifecycle.to_funnel")))
    return found


def _link(address: str, words: str) -> str:
    return f'<a class="on" href="{escape(address)}">{escape(words)}</a>'


def means(stage: Stage, limits: Limits) -> str:
    return t(f"lifecycle.stage_means_{stage.name.lower()}", new=limits.new_days, lost=limits.lost_days)


def refused(error: InvalidLifecycle) -> None:
    """Says what is wrong with the question and what to do."""
    key = f"lifecycle.problem_{error.details.get('problem')}"
    words = t(key) if i18n.has(key) else i18n.refusal(error)
    st.markdown(f":material/info: {words}")
