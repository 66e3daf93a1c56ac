"""流失与转化: who is likely to leave or to buy, how good the model is, why members leave, and which model scores."""

from dashboard.pages import Page
from dashboard.widgets import parts
from dashboard.widgets.scores import causes, models, quality, risk

PAGE = Page("foresight", 20, "scores.see", ":material/person_alert:")
PARTS = {"risk": risk, "causes": causes, "quality": quality, "models": models}


def show() -> None:
    shown = {name: part.show for name, part in PARTS.items()}
    keys = tuple(dict.fromkeys(key for part in PARTS.values() for key in part.KEYS))
    parts.show("scores", PAGE.permission, shown, keys, periods=False, channels=False)
