"""Which of the two worlds is shown: live, or the demo while live is empty or when asked."""

from functools import lru_cache
from html import escape

import streamlit as st

from core.scope import Operator
from core.settings import World
from core.work.home import Home
from dashboard import i18n, runs
from dashboard.i18n import t
from dashboard.web import wiring

_PARAMETER = "world"
_KEY = "_world"


def shown() -> World:
    """The world of this run: the one in the address, else the one chosen before in this session, else the house's own
    choice.
    """
    return runs.once("world", _shown)


def _shown() -> World:
    asked = st.query_params.get(_PARAMETER)
    if asked in ("live", "demo"):
        st.session_state[_KEY] = asked
    chosen: World | None = st.session_state.get(_KEY)
    usual = _usual()
    if chosen is None or chosen == usual:
        st.query_params.pop(_PARAMETER, None)
        return usual
    st.query_params[_PARAMETER] = chosen
    return chosen


def _usual() -> World:
    """The house's own choice, which looks at both lakes."""
    return runs.once("usual_world", lambda: wiring.house().shown)


def home() -> Home:
    """Lake, store and keys of the world that is shown."""
    return wiring.house().world(shown())


def banner(operator: Operator) -> None:
    """Says on every page that what is shown is made up, and where one's own data goes in. Draws nothing in the live
    world.
    """
    if shown() == "live":
        return
    if _usual() == "demo":
        st.html(_told(i18n.language(), brings=operator.can("sources.write")))
        return
    with st.container(key="world_banner", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_told(i18n.language(), brings=False))
        st.button(t("world.to_live"), key="to_live", type="tertiary", on_click=_choose, args=("live",))


@lru_cache(8)
def _told(language: i18n.Language, *, brings: bool) -> str:  # noqa: ARG001 - of its texts
    link = f' <a href="/sources">{escape(t("world.bring_data"))}</a>' if brings else ""
    return f'<p class="world"><b>{escape(t("world.demo"))}</b> {escape(t("world.demo_meaning"))}{link}</p>'


def _choose(world: World) -> None:
    st.session_state[_KEY] = world
    st.query_params.pop(_PARAMETER, None)
