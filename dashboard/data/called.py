"""What ids are called on screen."""

from core.metrics.moments import table_of
from core.work.questions import called
from core.work.questions.called import NAMED
from dashboard.data.ground import Ground, stand
from dashboard.web import kept

__all__ = ["NAMED", "names_of", "table_of"]


def names_of(column: str) -> dict[str, str]:
    """Name by id of units, groups, products, content and campaigns. Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _names_of(key=f"{ground.key}|{column}", _ground=ground, _column=column)


@kept.by_key(16)
def _names_of(key: str, _ground: Ground, _column: str) -> dict[str, str]:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return called.names_of(lake, _column)
