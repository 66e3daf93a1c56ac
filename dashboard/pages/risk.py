"""风险预警: what is going wrong or could, who looks after it, and whether the house is ready."""

from dashboard.pages import Page
from dashboard.widgets import parts
from dashboard.widgets.risk import drills, matrix, readings, register, rules, situations, warnings

PAGE = Page("risk", 10, "risk.see", ":material/warning:")
WITHOUT_DATA = ("register", "drills", "readings", "situations")
"""Parts that need nothing imported."""


def show() -> None:
    shown = {
        "warnings": warnings.show,
        "matrix": matrix.show,
        "rules": rules.show,
        "register": register.show,
        "drills": drills.show,
        "readings": readings.show,
        "situations": situations.show,
    }
    parts.plain("risk", PAGE.permission, shown, without_data=WITHOUT_DATA)
