"""What every part of the Community page is asked for."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.filters import Filters


@dataclass(frozen=True, slots=True)
class Asked:
    """``in_words``: what the filters cut to, for contracts and lists."""

    filters: Filters
    in_words: Callable[[], str]
