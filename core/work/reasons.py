"""Why somebody did what needs a reason."""

from core.errors import InvalidDecision

LEAST = 2
"""Different letters or digits in a reason; a full stop or one key held down says nothing."""


def stated(reason: str) -> str:
    """The reason on one line, as it is kept. Raises ``InvalidDecision`` where none is told in words."""
    text = " ".join(reason.split())
    if len({letter for letter in text.casefold() if letter.isalnum()}) < LEAST:
        raise InvalidDecision("This needs a reason in words.", reason="text")
    return text
