"""A fit as somebody looks at it: what it tells, or how far it is, or why there is none. Nobody waits for one that was made before."""

from dataclasses import dataclass

import streamlit as st

from core.errors import NothingVaries, Refusal, TooShort
from dashboard import i18n, markdown
from dashboard.actions import forecast as actions
from dashboard.actions import guard
from dashboard.data import forecast
from dashboard.data.forecast import ALL, Asked, Fit, Line, Outcome, Path, Span, Spec
from dashboard.i18n import t
from dashboard.widgets import heading

EVERY = "1s"
OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Look:
    """``asked``: as the data says now. ``spec``: with what is supposed. ``fit``: the one that tells; ``is_old``: of other data than now; ``is_coming``: one of now is being made. ``path``: with
    what is supposed, and as parts add up to their total."""

    asked: Asked
    spec: Spec
    fit: Fit
    outcome: Outcome
    path: Path
    is_old: bool
    is_coming: bool

    @property
    def adds_up(self) -> bool:
        """Whether what is told of parts adding up holds: of a part that was moved, and of the total that parts were moved to, which is the house's."""
        is_of_house = self.fit.line.by is None and self.spec.fitted == Spec().fitted and self.fit.scope == ALL
        return not self.spec.what_ifs and (self.fit.path is not None or is_of_house)

    @property
    def key(self) -> str:
        return f"{self.fit.key}|{self.fit.made_at}|{self.spec.what_ifs}|{hash(self.path)}"


def look(line: Line, spec: Spec, name: str, *, span: Span = "headline", is_quiet: bool = False) -> Look | None:
    """Asks for the fit where nobody did, and says how far it is. ``name``: tells it from others on the page. ``is_quiet``: without words where
    the series is refused. None where nothing can be shown yet."""
    try:
        asked = forecast.asked(line, spec, span)
        fit = forecast.done(asked) or actions.ask(asked)
    except (TooShort, NothingVaries) as error:
        if not is_quiet:
            heading.empty(
                t("forecast.short" if isinstance(error, TooShort) else "forecast.constant"),
                markdown.escaped(i18n.refusal(error)),
            )
        return None
    shown: Fit | None = fit
    if fit.state != "done":
        shown = forecast.latest(line, spec, span)
        if fit.state in OPEN:
            _progress(fit.key, name)
        else:
            _ended(fit, name)
    if shown is None or shown.outcome is None:
        return None
    base = shown.outcome.path if shown.path is None else shown.path
    try:
        path = forecast.supposed(base, spec, shown.outcome.effects)
    except Refusal as error:
        st.warning(markdown.escaped(i18n.refusal(error)), icon=":material/help:")
        path = base
    return Look(asked, spec, shown, shown.outcome, path, shown.key != fit.key, fit.state in OPEN)


@st.fragment(run_every=EVERY)
def _progress(key: str, name: str) -> None:
    if not guard.may(forecast.SEE):
        st.rerun()
    fit = forecast.standing(key)
    if fit is None or fit.state not in OPEN:
        st.rerun()
        return
    with st.container(border=True, key=f"card_fit_{name}"):
        if not forecast.has_worker():
            st.warning(t("forecast.no_worker"), icon=":material/power_off:")
        told = fit.progress or {}
        done, of = int(told.get("done", 0)), int(told.get("of", 0))
        stage = (
            t(f"forecast.stage_{told.get('stage', 'queued')}") if fit.state == "running" else t("forecast.stage_queued")
        )
        words = t("forecast.stage_of", stage=stage, done=i18n.number(done), of=i18n.number(of)) if of else stage
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container():
                st.progress(min(done / of, 1.0) if of else 0.0, text=words)
            if actions.may_cancel(fit):
                st.button(
                    t("forecast.cancelling" if fit.is_stopping else "forecast.cancel"), key=f"fit_cancel_{name}",
                    icon=":material/stop_circle:", disabled=fit.is_stopping, on_click=_cancel, args=(key,),
                )  # fmt: skip


def _ended(fit: Fit, name: str) -> None:
    """Cancelled, or refused by the models."""
    with st.container(border=True, key=f"card_fit_{name}"):
        st.subheader(t(f"forecast.fit_{fit.state}"), anchor=False)
        if fit.refusal is not None:
            st.write(markdown.escaped(i18n.refusal(fit.refusal)))
        st.button(
            t("forecast.again"), key=f"fit_again_{name}", icon=":material/refresh:", on_click=_again, args=(fit.key,)
        )  # fmt: skip


@guard.guarded(forecast.SEE)
def _cancel(key: str) -> None:
    actions.cancel(key)
    guard.note(t("forecast.cancel_asked"))


@guard.guarded(forecast.SEE)
def _again(key: str) -> None:
    actions.again(key)
