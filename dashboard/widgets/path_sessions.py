"""Sessions in figures: how often members come, for how long, and how much they do."""

from html import escape

from dashboard import i18n
from dashboard.actions import guard
from dashboard.data.paths import Sessions, Visits
from dashboard.i18n import t
from dashboard.web import kept
from dashboard.widgets import path_links
from dashboard.widgets.path_words import SMALL
from dashboard.widgets.steps import lasting


def written(found: Visits, address: str) -> str:
    """As HTML."""
    may = guard.may("people.see")
    return _written(
        key=f"{found.key}|{i18n.language()}|{address}|{may}", _found=found.answer, _address=address, _may=may
    )


@kept.by_key(32)
def _written(key: str, _found: Sessions, _address: str, _may: bool) -> str:  # noqa: ARG001 - what it is cached by
    if not _found.statistics.sessions:
        inside = f'<p class="lead">{escape(t("path.no_sessions"))}</p>'
    else:
        tiles = "".join(_tile(*tile) for tile in _tiles(_found))
        inside = f"<dl>{tiles}</dl>{_meaning(_found)}{_people(_found, _address) if _may else ''}"
    return f'<section class="path-card" id="path-sessions"><h2>{escape(t("path.sessions"))}</h2>{inside}</section>'


def _tiles(found: Sessions) -> list[tuple[str, str, str]]:
    """Name, figure, and what belongs to it."""
    told = found.statistics
    per, length, depth = told.per_subject, told.length_seconds, told.depth_events
    bounces = i18n.UNDEFINED if told.sessions < SMALL else i18n.share(told.bounce_share)
    one = i18n.number
    return [
        (t("path.session_count"), one(told.sessions), ""),
        (t("path.session_members"), one(told.subjects), t("path.session_members_help")),
        (t("path.session_each"), one(per.mean, 1), _spread(one(per.median, 1), one(per.p90, 1))),
        (t("path.session_length"), lasting(length.median), _spread(lasting(length.median), lasting(length.p90))),
        (t("path.session_depth"), one(depth.mean, 1), _spread(one(depth.median, 1), one(depth.p90, 1))),
        (t("path.session_bounces"), bounces, t("path.session_bounces_help", count=one(told.bounces))),
    ]


def _tile(name: str, figure: str, meaning: str) -> str:
    more = f"<dd>{escape(meaning)}</dd>" if meaning else ""
    return f"<div><dt>{escape(name)}</dt><dd><b>{escape(figure)}</b></dd>{more}</div>"


def _meaning(found: Sessions) -> str:
    minutes = i18n.number(found.gap.total_seconds() // 60)
    rest = i18n.number(found.statistics.sessions - found.told)
    words = t("path.session_meaning", told=i18n.number(found.told), rest=rest, minutes=minutes)
    return f'<p class="lead">{escape(words)}</p>'


def _people(found: Sessions, address: str) -> str:
    members = found.statistics.subjects
    said = escape(t("path.people", count=i18n.number(members)))
    where = (
        f'href="{path_links.to(address, **{path_links.WHO: path_links.SESSIONS})}"'
        if members
        else 'aria-disabled="true"'
    )
    return f'<nav class="path-acts"><a class="people" {where}>{said}</a></nav>'


def _spread(median: str, p90: str) -> str:
    return t("path.session_spread", median=median, p90=p90)
