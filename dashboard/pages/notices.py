"""通知: where warnings and incidents are told of besides the bell, and what became of each message."""

import streamlit as st

from dashboard.data import notices
from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import heading
from dashboard.widgets.notices import log, targets

PAGE = Page("data", 50, "notice.write", ":material/notifications:")


def show() -> None:
    heading.plain(t("notices.title"), t("notices.lead"))
    if not notices.has_worker():
        st.warning(t("notices.no_worker"))
    targets.show()
    log.show()
