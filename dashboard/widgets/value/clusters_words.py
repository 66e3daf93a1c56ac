"""What clusters are called, and how their features are written."""

from collections.abc import Callable

from dashboard import i18n
from dashboard.data.clusters import FEATURE, Answer, Clusters
from dashboard.i18n import t

Number = float | int | None


def called(found: Clusters, label: str) -> str:
    """The name that somebody gave it, else what is telling of it."""
    return found.names.get(label) or _capital(t("clusters.and").join(_traits(found, label)))


def first(found: Clusters, label: str) -> str:
    """The name that somebody gave it, else what is most telling."""
    return found.names.get(label) or _capital(_traits(found, label)[0])


def _traits(found: Clusters, label: str) -> list[str]:
    if label in found.small:
        return [t("clusters.small")]
    return [t(f"clusters.trait_{feature}_{level}") for feature, level in found.traits[label]] or [
        t("clusters.like_all")
    ]


def _capital(told: str) -> str:
    return told[:1].upper() + told[1:]


def numbered(found: Clusters, label: str) -> str:
    """With its number, which tells it from all others."""
    return t("clusters.numbered", label=label, name=called(found, label))


def written(feature: str, value: Number, currency: str) -> str:
    """A value of a feature as its unit asks for."""
    unit = FEATURE[feature].unit
    if unit == "money":
        return i18n.compact_money(value, currency)
    if unit == "share":
        return i18n.share(value)
    return i18n.number(value, 1 if value is not None and value < 100 else 0)


def away(value: Number) -> str:
    """``+1.2 SD``: how far from everybody."""
    return i18n.UNDEFINED if value is None else t("clusters.deviations", count=i18n.signed(value, 1))


def meanings(answer: Answer[Clusters], writer: Callable[[str], str] = str) -> list[str]:
    """Every feature and what it means."""
    names = [*answer.found.features, *answer.found.alike]
    return [i18n.explained(f"**{writer(t(f'clusters.feature_{one}'))}**", t(f"clusters.means_{one}")) for one in names]
