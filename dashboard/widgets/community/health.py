"""How a group is doing: its score in a sentence, its parts with their directions, and what moved it."""

from collections.abc import Callable
from html import escape

import numpy as np

from dashboard import i18n
from dashboard.data import community
from dashboard.data.community import PARTS, Part, Row, View
from dashboard.i18n import t

STEADY = 5.0
"""Points by which a score has to move before that is told as a rise or a fall."""
TOLD = 2
"""Parts that a sentence names."""
LEAST_SHARE = 0.15
"""Of the change, below which a part is not named as its cause."""
WEAK = 60.0
MONTH = 30
QUIET = 3
"""Days without a word that are worth a remark."""


def sentence(row: Row) -> str:
    """What the score is, how it moved and why."""
    score, change = row.get("health"), row.get("health_moved")
    if score is None:
        return t("health.none", count=community.SMALL)
    told = i18n.number(score)
    if change is not None and abs(change) >= STEADY:
        way = "fell" if change < 0 else "rose"
        text = t(f"health.{way}", score=told, points=i18n.number(abs(change)), causes=i18n.listed(_causes(row, change)))
    else:
        weak = i18n.listed(_told(row, part, change is not None) for part in _weak(row))
        how = "steady" if change is not None else "alone"
        text = t(f"health.{how}_weak", score=told, weak=weak) if weak else t(f"health.{how}", score=told)
    quiet = row.get("quiet_days")
    return f"{text}{t('health.quiet', count=i18n.number(quiet))}" if quiet is not None and quiet >= QUIET else text


def change(row: Row) -> str:
    """By how many points the score moved."""
    moved = row.get("health_moved")
    return "" if moved is None else t("health.change", points=signed(moved))


def signed(points: float) -> str:
    """Points with their direction, in a sign as well as in a word's place: ``▼ 36``."""
    if round(points) == 0:
        return i18n.number(0)
    return f"{'▲' if points > 0 else '▼'} {i18n.number(abs(points))}"


def parts(row: Row) -> str:
    """A table of all parts, as HTML."""
    heads = ("part", "direction", "now", "before", "points", "weight", "moved")
    head = "".join(f'<th scope="col">{escape(t(f"health.{name}"))}</th>' for name in heads)
    body = "".join(_line(row, part) for part in PARTS)
    return f'<div class="scroll"><table class="parts"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def short(view: View) -> list[str | None]:
    """For each row the part that moved its score most, in its direction; None where there is none or it moved little."""
    moved = np.column_stack([np.nan_to_num(view.column(f"{part.name}_moved")) for part in PARTS])
    change = view.column("health_moved")
    most = np.where(change < 0, moved.argmin(axis=1), moved.argmax(axis=1))
    points = moved[np.arange(len(most)), most]
    names = [title(part) for part in PARTS]
    is_told = np.abs(np.nan_to_num(change)) >= STEADY
    return [
        f"{names[part]} {'▲' if value > 0 else '▼'} {abs(value):.0f}" if told else None
        for part, value, told in zip(most.tolist(), points.tolist(), is_told.tolist(), strict=True)
    ]


def title(part: Part) -> str:
    return t(f"health.{part.name}")


def means() -> list[str]:
    """The contract of the score, a line each."""
    lines = [t("health.means", count=community.SMALL)]
    for part in PARTS:
        bounds = {
            "worst": _figure(part, part.worst),
            "best": _figure(part, part.best),
            "weight": i18n.share(part.weight, 0),
        }
        meaning = f"{t(f'health.means_{part.name}')} {t('health.bounds', **bounds)}"
        lines.append(i18n.explained(f"**{title(part)}**", meaning))
    return lines


def _line(row: Row, part: Part) -> str:
    now, before = row.get(f"{part.name}_now"), row.get(f"{part.name}_before")
    points, moved = row.get(f"{part.name}_points"), row.get(f"{part.name}_moved")
    bar = "" if points is None else f'<span class="bar" style="--share:{points:.1f}%"></span>'
    way = t("health.higher" if part.is_better_high else "health.lower")
    meaning = f'<i class="help" role="note" tabindex="0" aria-label="{escape(t(f"health.means_{part.name}"))}"></i>'
    cells = (
        f'<td class="number">{escape(_figure(part, now))}</td><td class="number">{escape(_figure(part, before))}</td>'
        f'<td class="number">{bar}{escape(i18n.number(points))}</td><td class="number">{escape(i18n.share(part.weight, 0))}</td>'
        f'<td class="number">{escape(i18n.UNDEFINED if moved is None else signed(moved))}</td>'
    )
    return f'<tr id="part-{part.name}"><th scope="row">{escape(title(part))}{meaning}</th><td>{escape(way)}</td>{cells}</tr>'


def _figure(part: Part, value: float | None) -> str:
    return i18n.change(value) if part.name == "renewal" else i18n.share(value)


def _causes(row: Row, change: float) -> list[str]:
    """The parts that moved the score most in its direction, each with its figures."""
    way = np.sign(change)
    moved = sorted(((way * (row.get(f"{part.name}_moved") or 0.0), part) for part in PARTS), key=lambda one: -one[0])
    named = [
        (points, part)
        for place, (points, part) in enumerate(moved)
        if place < TOLD and points >= LEAST_SHARE * abs(change)
    ]
    return [t("health.cause", what=_told(row, part, True), points=signed(points * way)) for points, part in named]


def _weak(row: Row) -> list[Part]:
    """What costs the score most, of parts that are weak."""
    worth: Callable[[Part], float | None] = lambda part: row.get(f"{part.name}_points")  # noqa: E731
    found = [part for part in PARTS if (points := worth(part)) is not None and points < WEAK]
    return sorted(found, key=lambda part: -part.weight * (100 - (worth(part) or 0.0)))[:TOLD]


def _told(row: Row, part: Part, with_before: bool) -> str:
    now, before = row.get(f"{part.name}_now"), row.get(f"{part.name}_before")
    if part.name == "regular":
        known = row.get("month_known", MONTH)  # fewer where messages begin within the last 30 days
        values = {
            "now": i18n.number(round(known * (1 - (now or 0.0)))),
            "before": None if before is None else i18n.number(round(MONTH * (1 - before))),
        }
    elif part.name == "renewal":
        way = "less" if (now or 0.0) < 0 else "more"
        return t(f"health.told_renewal_{way}", now=i18n.share(abs(now or 0.0)))
    else:
        values = {"now": _figure(part, now), "before": None if before is None else _figure(part, before)}
    if not with_before or before is None:
        return t(f"health.told_{part.name}_alone", now=values["now"])
    return t(f"health.told_{part.name}", **values)
