"""What the parts of a campaign beyond its draft have in common: gates, reasons and errors in words, tables of counts, and the people behind a figure by the address."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from urllib.parse import quote

import streamlit as st

from dashboard import i18n
from dashboard.data import campaign_runs, campaigns
from dashboard.data.campaigns import Found
from dashboard.data.people import People
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import behind, names
from dashboard.widgets.behind import Behind
from dashboard.widgets.campaigns import words
from dashboard.widgets.connectors import words as ways
from dashboard.widgets.tiles import Way

WHO = "who"
"""Where the address says whose people are open: ``ahead/sms/consent/lost``, ``rows/state=failed``, ``code/failed/http.503``, ``brought/treated/converted``."""


def put(html: str) -> None:
    """Draw it, unless there is nothing."""
    if html:
        st.html(html)


def gate(name: str) -> str:
    return t(f"campaign.gate_{name}")


def state(name: str) -> str:
    """Of messages."""
    return t(f"campaigns.message_{name}")


def reason(code: str | None) -> str:
    """Why a message was skipped, held or cancelled."""
    if not code:
        return UNDEFINED
    key = f"campaign.reason_{code.replace('.', '_')}"
    return t(key) if i18n.has(key) else error(code)


def error(code: str | None) -> str:
    """What a way out said, and what to do."""
    if not code:
        return t("campaign.error_none")
    key = f"campaign.error_{code.replace('.', '_')}"
    return i18n.aside(t(key), code) if i18n.has(key) else ways.error(code)


def sentences(said: Iterable[str]) -> str:
    """One after the other, as the language sets them apart."""
    return ("" if i18n.language() == "zh" else " ").join(said)


def bars(share: float | None, look: str = "") -> str:
    """HTML: a share as a bar, told beside it anyway."""
    part = 0.0 if share is None else min(max(share, 0.0), 1.0)
    return f'<i class="share {look}" style="--share:{part:.4f}" aria-hidden="true"></i>'


def figure(begins: str | None, name: str, shown: str, count: int | None) -> str:
    """HTML: a count that opens its people, for those who may see any."""
    if begins is None or not count:
        return escape(shown)
    return f'<a class="whose" href="{escape(begins)}{quote(name, safe="")}" title="{escape(t("campaign.to_people"))}">{escape(shown)}</a>'


def table(name: str, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:  # fmt: skip
    """``rows``: HTML of cells, the first a heading; ``numbers``: columns that stand to the right. On a phone a row of more than three is stacked, each figure under its name."""
    right = set(numbers)
    look = "told runs stacked" if len(columns) > 3 else "told runs"
    kinds = ['class="number"' if at in right else "" for at in range(len(columns))]
    head = "".join(f'<th scope="col" {kind}>{escape(one)}</th>' for one, kind in zip(columns, kinds, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f'<{_cell(at)} {kind} data-name="{escape(columns[at])}">{cell}</{_cell(at)[:2]}>' for at, (cell, kind) in enumerate(zip(row, kinds, strict=True)))
        + "</tr>"
        for row in rows
    )  # fmt: skip
    return (
        f'<div class="kept-rows" id="{escape(name)}" role="region" tabindex="0" aria-label="{escape(title)}"><table class="{look}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(at: int) -> str:
    return 'th scope="row"' if at == 0 else "td"


def to_people(name: str, words_: str, count: int | None) -> tuple[str, ...]:
    """The way to the people of a tile."""
    return behind.way(behind.link(WHO), name, words_, count)


def box(name: str, words_: str, address: str) -> str:
    return Way(words_, address, "box").html(name)


# -- people ------------------------------------------------------------------------------------------------------------


def open_people(found: Found) -> None:
    """Open those whom the address names."""
    behind.open_asked(lambda text: _behind(found, text), lambda: i18n.aside(found.name, found.code), WHO)


def _behind(found: Found, text: str) -> Behind | None:
    kind, _, rest = text.partition("/")
    parts = rest.split("/")
    match kind:
        case "ahead" if len(parts) == 3:
            return _ahead(found, *parts)
        case "rows":
            return _rows(found, parts)
        case "code" if len(parts) == 2 and parts[0] in campaign_runs.MESSAGE_STATES:
            of = {"state": parts[0], "error": parts[1]}
            title = i18n.explained(state(parts[0]), error(parts[1]))
            return Behind(title, t("campaign.who_code"), lambda: campaign_runs.people_on_the_way(found.campaign_id, of))
        case "brought":
            return _brought(found, rest)
        case _:
            return None


def _ahead(found: Found, channel: str, name: str, side: str) -> Behind | None:
    view = campaign_runs.check(found.campaign_id)
    flow = None if view is None else next((one for one in view.found.flows if one.channel == channel), None)
    if flow is None:
        return None

    def read() -> People:
        return campaign_runs.people_ahead(found.campaign_id, channel, name, side)

    if name == "wallet":
        left = [one for one in view.found.wallets if one.channel == channel] if view is not None else []
        if not left or not side.isdecimal() or len(side) > 4:
            return None
        title = t("campaign.wallet_left", count=side)
        return Behind(title, t("campaign.who_wallet", channel=words.channel(channel)), read)
    if side not in ("left", "lost") or name not in {"audience", *(one.name for one in flow.gates)}:
        return None
    title = t(f"campaign.who_{side}", gate=gate(name), channel=words.channel(channel))
    return Behind(title, t(f"campaign.gate_{name}_means"), read)


def _rows(found: Found, parts: Sequence[str]) -> Behind | None:
    of = dict(one.partition("=")[::2] for one in parts)
    known = {
        "state": set(campaign_runs.MESSAGE_STATES), "channel": set(campaigns.CHANNELS), "variant": {one.name for one in found.body.variants},
    }  # fmt: skip
    if not of or not set(of) <= {"state", "reason", "channel", "variant"}:
        return None
    if any(of[name] not in options for name, options in known.items() if name in of):
        return None
    said = {"state": state, "reason": reason, "channel": words.channel, "variant": lambda one: t("campaigns.variant_name", name=one)}  # fmt: skip
    title = t("number.then").join(said[name](value) for name, value in of.items())
    return Behind(title, t("campaign.who_rows"), lambda: campaign_runs.people_on_the_way(found.campaign_id, of))


def _brought(found: Found, part: str) -> Behind | None:
    flags = campaign_runs.results(found.campaign_id).found.flags
    names = part.split("/")
    if any(name.removeprefix("!") not in flags for name in names):
        return None
    title = t("number.then").join(part_name(name) for name in names)
    return Behind(title, t("campaign.who_brought"), lambda: campaign_runs.people_of_results(found.campaign_id, part))


def part_name(name: str) -> str:
    """One flag of results: ``treated``, ``converted``, ``!converted``, ``tier=gold``."""
    if name.startswith("!"):
        return t("campaign.part_not", part=part_name(name[1:]))
    kind, has_key, key = name.partition("=")
    if has_key:
        return i18n.explained(t(f"campaign.by_{kind}"), group(kind, key))
    return t(f"campaign.part_{name}")


def group(kind: str, key: str) -> str:
    """One kind of people."""
    if kind == "channel":
        return words.channel(key)
    if kind == "variant":
        return t("campaigns.variant_name", name=key)
    if kind == "segment":
        known: Mapping[int, campaigns.Named] = campaigns.segments_known()
        return known[int(key)].name if key.isdecimal() and int(key) in known else f"#{key}"
    if kind == "tier":
        return names.tier(key)
    return t(f"lifecycle.stage_{key}") if kind == "stage" else key
