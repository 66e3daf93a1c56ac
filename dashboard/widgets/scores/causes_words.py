"""What figures of causes are called, and how they are written."""

from dashboard import i18n
from dashboard.data.causes import UNIT
from dashboard.i18n import t


def beside_usual(figure: str, value: float, usual: float) -> str:
    """A figure with what is usual."""
    return t(
        "causes.beside_usual",
        figure=t(f"causes.figure_{figure}"),
        value=_written(figure, value),
        usual=_written(figure, usual),
    )


def evidence(figure: str, value: float, usual: float, topic: str | None) -> str:
    """The same of one member, with what it is about."""
    told = beside_usual(figure, value, usual)
    return t("causes.about", told=told, topic=topic) if topic else told


def _written(figure: str, value: float) -> str:
    if UNIT[figure] == "share":
        return i18n.share(value, 0)
    return i18n.number(value, 0 if round(value, 1).is_integer() else 1)
