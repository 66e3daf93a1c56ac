"""社群: which group chats live, which are dying and why, what is sent into them, who carries them, and how they are looked after."""

from dashboard.pages import Page
from dashboard.widgets import parts
from dashboard.widgets.community import activities, care, groups, history, rhythm, sensitive, surveys, topics, voices

PAGE = Page("insight", 50, "community.see", ":material/forum:")
PARTS = {
    "groups": groups,
    "rhythm": rhythm,
    "voices": voices,
    "topics": topics,
    "sensitive": sensitive,
    "care": care,
    "activities": activities,
    "surveys": surveys,
    "history": history,
}


def show() -> None:
    shown = {name: part.show for name, part in PARTS.items()}
    keys = tuple(key for part in PARTS.values() for key in part.KEYS)
    parts.show("community", PAGE.permission, shown, keys, channels=False)
