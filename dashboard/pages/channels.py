"""渠道: channels side by side, the hour each is answered best, and who is on which."""

from dashboard.pages import Page
from dashboard.widgets import parts
from dashboard.widgets.channels import hours, overlap, side

PAGE = Page("insight", 70, "channels.see", ":material/hub:")
PARTS = {"side": side.show, "hours": hours.show, "overlap": overlap.show}
KEYS = (side.PLACES.of,)


def show() -> None:
    parts.show("channels", PAGE.permission, PARTS, KEYS)
