"""人群: who is in each segment, building one, two beside each other, tags, and lists brought from elsewhere."""

from dashboard.pages import Page
from dashboard.widgets import parts
from dashboard.widgets.segments import build, handed, listing, overlap, tagging

PAGE = Page("customers", 10, "customers.see", ":material/groups:")
PARTS = {
    "list": listing.show,
    "build": build.show,
    "overlap": overlap.show,
    "tags": tagging.show,
    "import": handed.show,
}


def show() -> None:
    parts.plain("segments", PAGE.permission, PARTS)
