"""Who stands behind a figure of group chats, as the address names it: ``all.members``, ``one.new_speakers``."""

from dashboard.data import community
from dashboard.data.community import WHICH, View
from dashboard.filters import Filters
from dashboard.i18n import t
from dashboard.widgets import behind
from dashboard.widgets.behind import Behind
from dashboard.widgets.community import words


def find(view: View, asked: Filters, of: str | None, text: str) -> Behind | None:
    """None where there is no such figure, or nobody behind it. ``of``: the group that is open."""
    found = behind.pointed(text, WHICH, of)
    if found is None:
        return None
    whose, which = found
    row = view.total if whose is None else view.row(whose)
    if not community.number(row, which):
        return None
    called = t("community.total") if whose is None else words.called(row, view.by)
    title = f"{called}{t('number.then')}{words.title(which)}"
    return Behind(title, words.means(which), lambda: community.people_of(asked, view, whose, which))
