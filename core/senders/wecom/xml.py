"""XML of callbacks, read without document types and entities: what WeCom sends has neither."""

from dataclasses import dataclass, field
from xml.parsers import expat

MOST_BYTES = 1024 * 1024
DEEPEST = 8


class InvalidXml(ValueError):
    """Says nothing of what was read."""


@dataclass(slots=True)
class Element:
    name: str
    text: str = ""
    inside: list["Element"] = field(default_factory=list)

    def child(self, name: str) -> "Element | None":
        return next((one for one in self.inside if one.name == name), None)

    def said(self, name: str) -> str:
        """The text of a child, without spaces around it; empty where there is none."""
        child = self.child(name)
        return child.text.strip() if child else ""


def read(document: bytes) -> Element:
    """The root. Raises ``InvalidXml`` for what is none, too long or too deep, in another encoding than UTF-8, or has a document type."""
    if len(document) > MOST_BYTES:
        raise InvalidXml("long")
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidXml("encoding") from None  # the cause holds the document
    reader = _Reader()
    try:
        reader.parser.Parse(text, True)
    except expat.ExpatError as error:
        raise InvalidXml("xml") from error
    return reader.root.inside[0]


class _Reader:
    def __init__(self) -> None:
        self.root = Element("")
        self._open = [self.root]
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse
        self.parser.ProcessingInstructionHandler = self._refuse

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise InvalidXml("deep")
        element = Element(name)
        self._open[-1].inside.append(element)
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _data(self, text: str) -> None:
        self._open[-1].text += text

    def _refuse(self, *_told: object) -> int:
        raise InvalidXml("type")
