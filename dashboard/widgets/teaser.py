"""A funnel in short: its steps as bars, as text that everybody can read and without the weight of a picture."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.data.funnels import Count
from dashboard.i18n import t
from dashboard.web import kept


def show(key: str, steps: Sequence[Count], names: Sequence[str]) -> None:
    """``key``: of the answer that the steps are of; ``names``: of the steps. Leads to the page that asks further."""
    st.html(_written(key=f"{key}|{i18n.language()}", _steps=steps, _names=names))


@kept.by_key(32)
def _written(key: str, _steps: Sequence[Count], _names: Sequence[str]) -> str:  # noqa: ARG001 - what it is cached by
    return (
        f'<section class="bars"><h2>{escape(t("overview.teaser"))}</h2>{bars(_steps, _names)}'
        f'<a href="/funnels">{escape(t("overview.to_funnels"))}</a></section>'
    )


def bars(steps: Sequence[Count], names: Sequence[str]) -> str:
    """One bar per step, named above it."""
    most = max(steps[0].members, 1)
    before = [steps[0].members, *[step.members for step in steps[:-1]]]
    return f"<ol>{''.join(_row(*row, most) for row in zip(steps, names, before, strict=True))}</ol>"


def _row(step: Count, name: str, before: int, most: int) -> str:
    """Who got here, and in outline who was lost since the step before."""
    told = f"{name} · {i18n.number(step.members)} · {t('funnel.of_first', share=i18n.share(step.share))}"
    words = f"<b>{i18n.number(step.members)}</b> {i18n.share(step.share)}"
    if step.step > 1:
        words += f" <small>{escape(t('funnel.step_share', share=i18n.share(step.step_share)))}</small>"
        words += f" <em>▼ {i18n.number(before - step.members)}</em>" if before > step.members else ""
    return (
        f'<li title="{escape(told)}"><span>{step.step} {escape(name)}</span><p>{words}</p>'
        f'<i style="--at:{step.members / most:.4f};--before:{before / most:.4f}"></i></li>'
    )
