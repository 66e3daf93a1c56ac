"""Words of the register of risks."""

from collections.abc import Iterator
from dataclasses import fields

from dashboard import i18n
from dashboard.data.register import Described, Register, Risk
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets.risk import words

LONG = ("description", "plan")
"""Texts whose change is told without what they were."""


def rule(key: str, known: Register) -> str:
    """A rule of warnings as the house calls it, else as the product does."""
    return words.rule(key, known.rules.get(key, ""))


def incident(number: int, known: Register) -> str:
    title = known.incidents.get(number)
    return f"#{number}" if title is None else f"#{number} {title}"


def after(one: Described) -> str:
    if one.residual_likelihood is None or one.residual_impact is None:
        return t("register.not_judged")
    return f"{one.residual_likelihood} × {one.residual_impact}"


def changes(now: Risk, before: Risk) -> Iterator[str]:
    """What another revision says otherwise, one sentence each."""
    if now.state != before.state:
        yield _change("state", t(f"register.state_{before.state}"), t(f"register.state_{now.state}"))
    old, new = before.described, now.described
    if (old.likelihood, old.impact) != (new.likelihood, new.impact):
        yield _change("before", f"{old.likelihood} × {old.impact}", f"{new.likelihood} × {new.impact}")
    if after(old) != after(new):
        yield _change("after", after(old), after(new))
    for name in (field.name for field in fields(Described)):
        one, other = _told(old, name), _told(new, name)
        if one != other:
            yield t("register.changed_text", name=t(f"register.{name}")) if name in LONG else _change(name, one, other)


def _change(name: str, before: str, now: str) -> str:
    title = t("register.title_name") if name == "title" else t(f"register.{name}")
    return t("register.changed_from", name=title, before=before, now=now)


def _told(one: Described, name: str) -> str:
    value = getattr(one, name)
    if name in ("kind", "treatment"):
        return t(f"register.{name}_{value}")
    if name == "review_on":
        return i18n.day(value)
    if name in ("rules", "incidents"):
        return i18n.listed(map(str, value)) or UNDEFINED
    if name in ("likelihood", "impact", "residual_likelihood", "residual_impact"):
        return ""
    return str(value)
