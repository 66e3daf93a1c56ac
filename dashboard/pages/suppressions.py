"""勿扰名单: who gets no more messages and why; stopped by hand or by list, and taken back."""

from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import heading
from dashboard.widgets.suppressions import every

PAGE = Page("action", 20, "people.see", ":material/notifications_off:")


def show() -> None:
    heading.plain(t("suppressions.title"), t("suppressions.lead"))
    every.show()
