"""How grave a risk or a warning is, for pages."""

from core.risk.matrix import FROM, LEVELS, STEPS, Cell, Level, level, worst

__all__ = ["FROM", "LEVELS", "STEPS", "Cell", "Level", "level", "worst"]
