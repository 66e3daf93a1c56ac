"""价值: what buyers are worth today, what they will be, and who stands where."""

from dashboard.pages import Page
from dashboard.widgets import parts
from dashboard.widgets.value import clusters, ltv, membership, rfm

PAGE = Page("customers", 20, "customers.see", ":material/diamond:")
PARTS = {"rfm": rfm, "ltv": ltv, "clusters": clusters, "membership": membership}


def show() -> None:
    shown = {name: part.show for name, part in PARTS.items()}
    keys = tuple(key for part in PARTS.values() for key in part.KEYS)
    parts.show("value", PAGE.permission, shown, keys)
