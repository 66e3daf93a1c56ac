"""One module per page. It says where it stands with ``PAGE`` and draws itself with ``show()``; the frame finds it by
that.
"""

from dataclasses import dataclass
from typing import Literal

Section = Literal["today", "business", "insight", "customers", "foresight", "action", "risk", "data"]
SECTIONS: tuple[Section, ...] = ("today", "business", "insight", "customers", "foresight", "action", "risk", "data")


@dataclass(frozen=True, slots=True)
class Page:
    """Place of a page in the navigation. Its address is the module's name; its title the text ``<name>.title``."""

    section: Section
    order: int
    permission: str
    icon: str
    is_start: bool = False
