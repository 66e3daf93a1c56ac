"""发送渠道: the ways out to customers, set up, tried, switched."""

from dashboard.i18n import t
from dashboard.pages import Page
from dashboard.widgets import heading
from dashboard.widgets.connectors import every

PAGE = Page("data", 55, "connector.write", ":material/outgoing_mail:")


def show() -> None:
    heading.plain(t("connectors.title"), t("connectors.lead"))
    every.show()
