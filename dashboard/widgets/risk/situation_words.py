"""Words of market situations and of what they unlock."""

import pkgutil
from html import escape
from urllib.parse import urlencode

from dashboard import i18n, pages
from dashboard.data.situations import Measure, Sign
from dashboard.i18n import t


def called(situation: str) -> str:
    """One that the product knows in the reader's language; the house's own as it is called."""
    key = f"forecast.situation_{situation}"
    return t(key) if i18n.has(key) else situation


def order(ways: tuple[str, ...]) -> str:
    return " > ".join(f"{way} {t(f'forecast.way_{way}')}" for way in ways)


def told(one: Measure) -> str:
    return one.told.get(i18n.language()) or next(iter(one.told.values()), "")


def every_page() -> dict[str, str]:
    """Titles of the pages that there are, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(pages.__path__))
    return {name: t(f"{name}.title") for name in names if i18n.has(f"{name}.title")}


def measures(every: tuple[Measure, ...]) -> str:
    """HTML: a list, each with the way to the page where it is begun."""
    titles = every_page()
    return f'<ol class="measures">{"".join(_measure(one, titles) for one in every)}</ol>'


def _measure(one: Measure, titles: dict[str, str]) -> str:
    words = escape(told(one))
    if one.page in titles:
        part = f"?{urlencode({'part': one.part})}" if one.part else ""
        words += f' <a href="/{one.page}{escape(part)}">{escape(t("situations.go", page=titles[one.page]))}</a>'
    if one.field:
        words += f" <small>{escape(t('situations.playbook', field=t(f'watched.field_{one.field}')))}</small>"
    return f"<li>{words}</li>"


def value(one: Sign, number: float | None, currency: str) -> str:
    if one.name == "conversion_rate":
        return i18n.share(number, 2)
    if one.name == "cac":
        return i18n.money(number, currency)
    return i18n.number(number, 1)


def course(one: Sign) -> str:
    return i18n.UNDEFINED if one.course is None else t(f"situations.course_{one.course}")
