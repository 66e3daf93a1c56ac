"""Messages with places to fill: ``{{name}}``. Plain replacement and nothing else, so that no text can do anything."""

import re
from collections.abc import Collection, Mapping

from core.errors import Refusal

PLACE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
GAP = "[…]"
"""What stands where a value is missing: nobody overlooks it."""
LONGEST = 4000


class InvalidMessage(Refusal):
    """A message cannot be written: ``reason`` is ``place`` (``name`` is none that may be filled), ``brace`` (a brace that is part of none), ``long``,
    ``empty`` or ``gap`` (something is still missing in it)."""

    code = "message.invalid"


def places(template: str, known: Collection[str]) -> tuple[str, ...]:
    """Names of the places of a template, each once, in order. Raises ``InvalidMessage``."""
    if len(template) > LONGEST:
        raise InvalidMessage(f"A message has at most {LONGEST} letters.", reason="long", most=LONGEST)
    found = tuple(dict.fromkeys(PLACE.findall(template)))
    for name in found:
        if name not in known:
            raise InvalidMessage(f"There is no {name!r} to fill in.", reason="place", name=name, most=LONGEST)
    if "{{" in PLACE.sub("", template) or "}}" in PLACE.sub("", template):
        raise InvalidMessage("A place is written {{name}}.", reason="brace", most=LONGEST)
    return found


def fill(template: str, values: Mapping[str, str | None], known: Collection[str]) -> str:
    """The message. What is unknown is a gap that can be seen. Values are texts: places within them are not filled again. Raises ``InvalidMessage``."""
    places(template, known)
    return PLACE.sub(lambda place: (values.get(place[1]) or "").strip() or GAP, template)


def refuse_gaps(text: str) -> None:
    """Raises ``InvalidMessage`` for a text that cannot be told to anybody yet."""
    if not text.strip():
        raise InvalidMessage("The message says nothing.", reason="empty", most=LONGEST)
    if len(text) > LONGEST:
        raise InvalidMessage(f"A message has at most {LONGEST} letters.", reason="long", most=LONGEST)
    if GAP in text or PLACE.search(text):
        raise InvalidMessage("Something is still missing in the message.", reason="gap", most=LONGEST)
