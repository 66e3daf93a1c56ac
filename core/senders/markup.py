"""XML from outside, read without anything that makes XML dangerous: no document types, no entities of its own, no instructions, no encoding but UTF-8, little depth, little size."""

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

MOST_BYTES, MOST_DEPTH, MOST_NODES = 1024 * 1024, 8, 20_000


class InvalidMarkup(ValueError):
    """``reason``: ``size``, ``form``, ``type`` (a document type, an entity or an instruction) or ``depth`` (also too many elements)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Node:
    name: str
    text: str = ""
    inside: list["Node"] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Text of the first element of that name right inside, without spaces around; empty where there is none."""
        found = self.child(name)
        return found.text.strip() if found else ""

    def child(self, name: str) -> "Node | None":
        """The first element of that name right inside."""
        return next((one for one in self.inside if one.name == name), None)

    def every(self, *path: str) -> list["Node"]:
        """All elements that this path leads to."""
        found = [self]
        for name in path:
            found = [one for above in found for one in above.inside if one.name == name]
        return found


def read(body: bytes) -> Node:
    """The outermost element. Raises ``InvalidMarkup``."""
    if len(body) > MOST_BYTES:
        raise InvalidMarkup("size")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidMarkup("form") from None  # the cause holds the document
    building = _Building()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = building.start, building.end
    parser.CharacterDataHandler = building.say
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise InvalidMarkup("form") from error
    return building.top.inside[0]


class _Building:
    def __init__(self) -> None:
        self.top = Node("")
        self._open = [self.top]
        self._count = 0

    def start(self, name: str, _attributes: object) -> None:
        self._count += 1
        if len(self._open) > MOST_DEPTH or self._count > MOST_NODES:
            raise InvalidMarkup("depth")
        made = Node(name)
        self._open[-1].inside.append(made)
        self._open.append(made)

    def end(self, _name: str) -> None:
        self._open.pop()

    def say(self, text: str) -> None:
        self._open[-1].text += text


def _refuse(*_: object) -> NoReturn:
    raise InvalidMarkup("type")
