"""Rules of warnings: what of an indicator is out of order, for how long it must be, and how grave it is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from core.errors import Refusal

By = Literal["", "channel", "unit", "group"]
"""The whole house, or each of its channels, units or groups."""
Detector = Literal[
    "threshold", "relative", "baseline", "daily", "quiet", "sudden", "drift", "unrest", "sigma", "forecast", "kmeans", "forest", "missing", "failing", "late"
]  # fmt: skip
Direction = Literal["above", "below", "both"]
OF_THE_SYSTEM: tuple[Detector, ...] = ("missing", "failing", "late")
"""Told of the data and of the queries themselves, not of figures."""
OF_USUAL: tuple[Detector, ...] = ("daily", "quiet", "sudden", "drift", "unrest")
"""Against what is usual for a line."""
OF_DAYS: tuple[Detector, ...] = ("kmeans", "forest")
"""Of a day as a whole: several indicators together."""
WEEK = 7
MOST_DAYS = 365


class InvalidRule(Refusal):
    """A rule cannot be like this. ``field``: the one that is wrong."""

    code = "risk.rule"


@dataclass(frozen=True, slots=True)
class Rule:
    """``limit`` is in the detector's own unit:

    ``threshold``: the value itself. ``relative``: change against the mean of the ``window_days`` days before, as a share (0.2 = 20 %).
    ``baseline``: change against the mean of the same weekday of the ``window_days / 7`` weeks before, as a share. ``sigma``: standard deviations of the ``window_days``
    days before, from their mean. ``sudden`` (a day), ``drift`` (of 2, 5 or 10 days), ``unrest`` (of 7): times what is usual for this line, as ``core.risk.departures``
    measures it; higher = quieter. ``daily`` and, more
    seldom, ``quiet``: the three together, in units of ``core.risk.detectors.MODES`` (1 = as set there); leaps and unrest to both sides, drift to the
    rule's direction.
    ``forecast``: change against what was forecast for the day, as a share. ``kmeans``, ``forest``: how far a day as a whole (``indicator`` and ``others`` together)
    lies from usual ones, in robust standard deviations of the distances. ``late``: as many times the usual gap between deliveries. ``missing``: days in a row
    without a value. ``failing``: 0.

    A day breaks the rule when its distance is above the limit, with ``is_inclusive`` also when it is equal to it. ``change``: besides, the value
    differs from the mean of the ``window_days`` days before by more than this, in the rule's direction and the indicator's unit; null = no matter.
    ``least_share``: of ``sudden``, ``drift`` and ``unrest``, what the effect must be at least, as a share of what was expected.
    ``least_days``: days in a row that must break it. ``clear``: what was warned of is over when a day's distance is this or less; null = the limit. ``quiet_days``: what
    breaks the rule again within so many days after belongs to the same warning. ``skips_holidays``: holidays are neither judged nor
    learnt, nor counted as days before; a fixed ``threshold`` holds on days of shopping festivals.
    """

    indicator: str
    detector: Detector
    limit: float
    direction: Direction = "both"
    by: By = ""
    is_inclusive: bool = False
    window_days: int = 28
    least_days: int = 1
    clear: float | None = None
    quiet_days: int = 3
    change: float | None = None
    least_share: float = 0.0
    likelihood: int = 3
    impact: int = 3
    owner: str = ""
    is_on: bool = True
    skips_holidays: bool = True
    others: tuple[str, ...] = ()
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"others": list(self.others)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Rule":
        """Of what ``to_json`` gave; fields that there are no more are left out. Raises ``InvalidRule``."""
        known = {one.name for one in fields(cls)}
        values = {name: one for name, one in told.items() if name in known}
        return valid(cls(**(values | {"others": tuple(values.get("others", ()))})))


def valid(rule: Rule) -> Rule:
    """The rule. Raises ``InvalidRule`` with the field that is wrong."""
    checks: dict[str, bool] = {
        "detector": rule.detector in get_args(Detector),
        "direction": rule.direction in get_args(Direction),
        "by": rule.by in get_args(By) and (rule.by == "" or rule.detector not in OF_DAYS),
        "indicator": bool(rule.indicator) or rule.detector in OF_THE_SYSTEM,
        "limit": _is_number(rule.limit) and (rule.detector == "threshold" or rule.limit >= 0),
        "clear": rule.clear is None or (_is_number(rule.clear) and _is_within(rule)),
        "window_days": _is_days(rule.window_days, 1) and (rule.detector != "baseline" or rule.window_days % WEEK == 0),
        "least_days": _is_days(rule.least_days, 1),
        "quiet_days": _is_days(rule.quiet_days, 0),
        "least_share": _is_number(rule.least_share) and 0 <= rule.least_share < 1,
        "change": rule.change is None or _is_number(rule.change),
        "likelihood": rule.likelihood in range(1, 6),
        "impact": rule.impact in range(1, 6),
        "others": rule.detector not in OF_DAYS or len({rule.indicator, *rule.others}) >= 2,
        "threshold": rule.detector != "threshold" or rule.direction != "both",
    }
    for field, is_right in checks.items():
        if not is_right:
            raise InvalidRule(f"A rule's {field} cannot be like this.", field=field)
    return rule


def _is_within(rule: Rule) -> bool:
    """Where something is over lies on the quiet side of the limit."""
    assert rule.clear is not None
    is_below = rule.detector == "threshold" and rule.direction == "below"
    return rule.clear >= rule.limit if is_below else rule.clear <= rule.limit


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _is_days(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST_DAYS
