"""A mapping as a person edits it: a table of columns and plain controls, from the guess or from a saved one, into a mapping."""

import re
from collections import Counter
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st
from babel.numbers import list_currencies

from core.schema import CHANNELS, IDENTITY_TYPES
from dashboard import i18n, markdown
from dashboard.data.sources import (
    AUTO_FORMATS,
    DAY_FIRST,
    MONTH_FIRST,
    NAMED_MONTHS,
    ORDERS,
    PERSONAL,
    Guess,
    Mapping,
    Money,
    Properties,
    Refund,
    Sample,
    Times,
    mappable,
    masked,
)
from dashboard.i18n import t

IGNORE, PROPERTY = "", "property"
IDENTITY, ALSO, REFERRED = "identity:", "also:", "referred:"
PERSONS = {IDENTITY: "sources.identity_of", ALSO: "sources.also_of", REFERRED: "sources.referred_of"}
USUAL_CURRENCIES = ("CNY", "HKD", "TWD", "MOP", "USD", "EUR", "GBP", "JPY", "SGD")
USUAL_ZONES = ("Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Tokyo", "Asia/Singapore", "UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles")  # fmt: skip
MOST_NAMES = 60
GROUP, SENDER = "group_id", "sender_kind"
IN_GROUPS = ("group_messages", "group_membership", "group_rosters", "group_statistics")
SENDERS = ("member", "staff", "bot")
SAMPLES = 3


@dataclass(frozen=True)
class Base:
    """What editing starts from. ``key`` names it, so that another base gives fresh controls."""

    key: str
    mapping: Mapping
    guess: Guess | None


def show(base: Base, sample: Sample) -> Mapping:
    """Draw the editor; returns the mapping as it stands now. It is not validated."""
    edited = _columns(base, sample)
    left, right = st.columns(2, gap="medium")
    with left:
        source = st.text_input(
            t("sources.source"), base.mapping.source, key=f"map_source_{base.key}", help=t("sources.source_help")
        )
        times = _times(base, edited)
        zone = _zone(base)
    with right:
        decimal, money = _money(base, edited)
        refund = _refund(base, edited)
        constants = dict(base.mapping.constants) | _channel(base, edited) | _group(base, edited, sample)
    edited = replace(
        edited,
        source=source.strip(),
        times=Times(times, zone),
        decimal=decimal,
        money=money,
        refund=refund,
        constants={name: value for name, value in constants.items() if value},
    )
    return replace(edited, values=_names(base, edited, sample) | _senders(base, edited, sample))


def grain(table: str, *, short: bool = False) -> str:
    """What a row of a table is: ``行为事件：每行一次行为``; ``short`` where no example is needed: ``行为事件``."""
    for key in (f"table.{table}", f"grain.{table}")[not short :]:
        if i18n.has(key):
            return t(key)
    return table


def target(code: str) -> str:
    """What a column can be, in words that are unique: ``发生时间``, ``身份 · 手机号``."""
    if code == IGNORE:
        return t("sources.ignore")
    if code == PROPERTY:
        return t("sources.property")
    for prefix, word in PERSONS.items():
        if code.startswith(prefix):
            return t(word, type=t(f"identity_type.{code.removeprefix(prefix)}"))
    return t(f"column.{code}") if i18n.has(f"column.{code}") else code


# -- columns ---------------------------------------------------------------------------------------------------------


def _columns(base: Base, sample: Sample) -> Mapping:
    codes = _targets(base.mapping)
    labels = {code: target(code) for code in codes}
    by_label = {label: code for code, label in labels.items()}
    now = _placed(base.mapping, sample)
    why = {reason.column: reason for reason in base.guess.reasons} if base.guess else {}
    frame = pd.DataFrame(
        {
            "column": list(sample.columns),
            "samples": [
                _samples(cells, now.get(name, IGNORE), _personal(base.mapping))
                for name, cells in sample.columns.items()
            ],
            "target": [labels.get(now.get(name, IGNORE), labels[IGNORE]) for name in sample.columns],
            "why": [_why(why.get(name)) for name in sample.columns],
            "sure": [why[name].confidence * 100 if name in why else None for name in sample.columns],
        }
    )
    edited = st.data_editor(
        frame,
        key=f"map_columns_{base.key}",
        hide_index=True,
        num_rows="fixed",
        height="content" if len(frame) <= 15 else 560,
        disabled=["column", "samples", "why", "sure"],
        column_order=["column", "samples", "target", *(["why", "sure"] if base.guess else [])],
        column_config={
            "column": st.column_config.TextColumn(t("sources.column"), pinned=True),
            "samples": st.column_config.TextColumn(t("sources.samples"), width="medium"),
            "target": st.column_config.SelectboxColumn(
                t("sources.target"), options=list(by_label), required=True, width="medium"
            ),
            "why": st.column_config.TextColumn(t("sources.why"), help=t("sources.why_help")),
            "sure": st.column_config.ProgressColumn(t("sources.sure"), format="%.0f%%", min_value=0, max_value=100),
        },
    )
    chosen = {str(row.column): [by_label.get(str(row.target), IGNORE)] for row in edited.itertuples()}
    more = {
        column: codes[1:]
        for column, codes in _uses(base.mapping).items()
        if len(codes) > 1 and chosen.get(column) == codes[:1]
    }
    for column, codes in more.items():
        chosen[column] += codes
        words = i18n.listed(target(code) for code in codes)
        st.caption(markdown.escaped(t("sources.used_also", column=column, words=words)))
    told = _with_columns(base.mapping, chosen)
    if any(name in told.columns for name in _personal(told)):
        st.caption(t("sources.personal_kept"))
    return told


def _personal(mapping: Mapping) -> tuple[str, ...]:
    return PERSONAL.get(mapping.table, ())


def _targets(mapping: Mapping) -> list[str]:
    own = (IDENTITY, ALSO) if mapping.target.has("identity_key") else ()
    kinds = [f"{prefix}{kind}" for prefix in own for kind in IDENTITY_TYPES]
    kinds += [f"{REFERRED}{kind}" for kind in IDENTITY_TYPES] if mapping.target.has("referred_key") else []
    rest = [PROPERTY] if mapping.target.has("properties") else []
    return [IGNORE, *mappable(mapping.table), *kinds, *rest]


def _uses(mapping: Mapping) -> dict[str, list[str]]:
    """Source column -> all that it is, columns of the contract first."""
    found: dict[str, list[str]] = {}
    parts = ("", mapping.columns), (IDENTITY, mapping.identities), (ALSO, mapping.also), (REFERRED, mapping.referred)
    for prefix, part in parts:
        for name, columns in part.items():
            for column in columns:
                found.setdefault(column, []).append(prefix + name)
    for column in mapping.properties.columns:
        found.setdefault(column, []).append(PROPERTY)
    return found


def _placed(mapping: Mapping, sample: Sample) -> dict[str, str]:
    """Source column -> what it is in the table, where each has one place: the first of its uses. The others are kept as long as the person
    leaves that one."""
    found = {column: codes[0] for column, codes in _uses(mapping).items()}
    if mapping.properties.rest:
        for column in sample.columns:
            found.setdefault(column, PROPERTY)
    return found


def _with_columns(mapping: Mapping, chosen: Dict[str, Sequence[str]]) -> Mapping:
    """The mapping with every column where the person put it; several columns of one target are tried in the file's order."""
    columns: dict[str, tuple[str, ...]] = {}
    persons: dict[str, dict[str, tuple[str, ...]]] = {prefix: {} for prefix in PERSONS}
    properties, json = [], mapping.properties.json
    for column, code in ((column, code) for column, codes in chosen.items() for code in codes):
        if code == PROPERTY:
            properties.append(column)
        elif code.startswith(tuple(PERSONS)):
            prefix, _, kind = code.partition(":")
            part = persons[f"{prefix}:"]
            part[kind] = (*part.get(kind, ()), column)
        elif code != IGNORE:
            columns[code] = (*columns.get(code, ()), column)
    return replace(
        mapping,
        columns=columns,
        identities=persons[IDENTITY],
        also=persons[ALSO],
        referred=persons[REFERRED],
        properties=Properties(False, tuple(properties), json if json in chosen else ""),
        values={name: values for name, values in mapping.values.items() if name in columns},
    )


def _samples(cells: Sequence[str | None], code: str, personal: Sequence[str]) -> str:
    """A few different cells; those that name a person are masked."""
    found = list(dict.fromkeys(cell.strip() for cell in cells if cell and cell.strip()))[:SAMPLES]
    if code.startswith((IDENTITY, REFERRED)):
        found = [masked(code.partition(":")[2], cell) for cell in found]
    elif code in personal:
        found = [masked(code, cell) for cell in found]
    return " · ".join(found)


def _why(reason: object) -> str:
    return t(f"sources.because_{reason.because}") if reason is not None else ""  # type: ignore[attr-defined]


# -- controls --------------------------------------------------------------------------------------------------------

_FORMS = {"auto": AUTO_FORMATS, "day_first": DAY_FIRST, "month_first": MONTH_FIRST, "named": NAMED_MONTHS,
          "epoch_s": ("epoch_s",), "epoch_ms": ("epoch_ms",)}  # fmt: skip


def _times(base: Base, edited: Mapping) -> tuple[str, ...]:
    given = base.mapping.times.formats
    known = next((name for name, formats in _FORMS.items() if set(given) <= set(formats)), "as_is")
    options = [*_FORMS, *(["as_is"] if known == "as_is" else []), "own"]
    labels = {one: t(f"sources.times_{one}") for one in options} | {"as_is": " · ".join(given[:3])}
    chosen = st.selectbox(
        t("sources.times"), options, options.index(known), format_func=labels.get, key=f"map_times_{base.key}",
        help=t("sources.times_help"), disabled=not _has_time(edited),
    )  # fmt: skip
    if chosen == "own":
        text = st.text_input(
            t("sources.times_pattern"),
            "%d/%m/%Y %H:%M",
            key=f"map_pattern_{base.key}",
            help=t("sources.times_pattern_help"),
        )
        return tuple(part.strip() for part in text.split(";") if part.strip()) or AUTO_FORMATS
    return given if chosen in ("as_is", known) else _FORMS[chosen]


def _has_time(edited: Mapping) -> bool:
    return any(
        edited.target.has(name) and edited.target.column(name).kind in ("time", "day") for name in edited.columns
    )


def _zone(base: Base) -> str:
    given = base.mapping.times.zone
    options = ["", *dict.fromkeys(([given] if given else []) + list(USUAL_ZONES))]
    return st.selectbox(
        t("sources.zone"), options, options.index(given), format_func=lambda one: one or t("sources.zone_home"),
        key=f"map_zone_{base.key}", accept_new_options=True, help=t("sources.zone_help"),
    ) or ""  # fmt: skip


def _money(base: Base, edited: Mapping) -> tuple[str, Money]:
    kinds = {edited.target.column(name).kind for name in edited.columns if edited.target.has(name)}
    if (
        edited.table not in ("order_lines", ORDERS)
        and not kinds & {"decimal", "money", "count"}
        and not _money_columns(edited)
    ):
        return base.mapping.decimal, base.mapping.money
    marks = {".": t("sources.decimal_point"), ",": t("sources.decimal_comma")}
    decimal = st.segmented_control(
        t("sources.decimal"), list(marks), default=base.mapping.decimal, format_func=marks.get, required=True,
        key=f"map_decimal_{base.key}",
    )  # fmt: skip
    if not _money_columns(edited):
        return decimal or ".", base.mapping.money
    given = base.mapping.money.currency
    options = [
        "",
        *dict.fromkeys(([given] if given else []) + list(USUAL_CURRENCIES)),
        *sorted(list_currencies() - set(USUAL_CURRENCIES) - {given}),
    ]
    currency = st.selectbox(
        t("sources.currency"), options, options.index(given), format_func=lambda one: one or t("sources.currency_home"),
        key=f"map_currency_{base.key}", help=t("sources.currency_help"),
    )  # fmt: skip
    return decimal or ".", replace(base.mapping.money, currency=currency or "")


def _money_columns(edited: Mapping) -> list[str]:
    return [column.name for column in edited.target.columns if column.kind == "money"]


def _refund(base: Base, edited: Mapping) -> Refund:
    if edited.table not in ("order_lines", ORDERS):
        return Refund()
    given = base.mapping.refund
    now = "mark" if given.column else "negative" if given.is_negative else "none"
    rules = {one: t(f"sources.refund_{one}") for one in ("none", "negative", "mark")}
    rule = st.selectbox(
        t("sources.refund"), list(rules), list(rules).index(now), format_func=rules.get, key=f"map_refund_{base.key}",
        help=t("sources.refund_help"),
    )  # fmt: skip
    if rule == "negative":
        return Refund(is_negative=True)
    if rule == "none":
        return Refund()
    columns = [column for names in edited.columns.values() for column in names] or [given.column]
    with st.container(horizontal=True, gap="small"):
        at = columns.index(given.column) if given.column in columns else 0
        column = st.selectbox(t("sources.refund_column"), columns, at, key=f"map_refund_column_{base.key}")
        starts = st.text_input(
            t("sources.refund_starts"), given.starts_with or "C", key=f"map_refund_starts_{base.key}"
        )
    return Refund(column=column or "", starts_with=starts.strip(), values=given.values, is_negative=given.is_negative)


def _channel(base: Base, edited: Mapping) -> dict[str, str]:
    """The channel of all rows where the file has no column for it; empty for none."""
    if not edited.target.has("channel") or "channel" in edited.columns:
        return {"channel": ""}
    given = base.mapping.constants.get("channel", "")
    labels = {"": t("sources.channel_none")} | {one: t(f"channel.{one}") for one in CHANNELS}
    chosen = st.selectbox(
        t("sources.channel"), list(labels), list(labels).index(given), format_func=labels.get, key=f"map_channel_{base.key}",
        help=t("sources.channel_help"),
    )  # fmt: skip
    return {"channel": chosen or ""}


def _group(base: Base, edited: Mapping, sample: Sample) -> dict[str, str]:
    """The group of all rows that tell none, of what is said or happens in groups; empty for none."""
    given = base.mapping.constants.get(GROUP, "")
    if edited.table not in IN_GROUPS or (not given and _filled(edited.columns.get(GROUP, ()), sample)):
        return {}
    name = st.text_input(t("sources.group"), given, key=f"map_group_{base.key}", help=t("sources.group_help"))
    return {GROUP: name.strip()}


def _senders(base: Base, edited: Mapping, sample: Sample) -> dict[str, dict[str, str]]:
    """Who of those that a chat names is staff, and who a bot: nothing else in it tells."""
    named = edited.columns.get(SENDER, ())
    if named != edited.identities.get("user_id") or not named:
        return {}
    given = dict(base.mapping.values.get(SENDER, {}))
    count = Counter(_filled(named, sample))
    names = [name for name, _ in count.most_common(MOST_NAMES)]
    labels = {one: t(f"sources.sender_{one}") for one in SENDERS}
    by_label = {label: one for one, label in labels.items()}
    usual = given.get("*", SENDERS[0])
    with st.expander(t("sources.senders", count=i18n.number(len(count))), icon=":material/badge:"):
        st.caption(t("sources.senders_help"))
        kinds = [labels[given.get(name, given.get(name.lower(), usual))] for name in names]
        frame = pd.DataFrame({"from": names, "messages": [count[name] for name in names], "to": kinds})
        table = st.data_editor(
            frame, key=f"map_senders_{base.key}", hide_index=True, num_rows="fixed", disabled=["from", "messages"],
            column_config={
                "from": st.column_config.TextColumn(t("sources.sender")),
                "messages": st.column_config.NumberColumn(t("sources.sender_lines")),
                "to": st.column_config.SelectboxColumn(t("column.sender_kind"), options=list(by_label), required=True),
            },
        )  # fmt: skip
    said = {str(row["from"]): by_label[str(row["to"])] for row in table.to_dict("records")}
    kept = {name: kind for name, kind in given.items() if name not in said}
    return {SENDER: {name: kind for name, kind in said.items() if kind != usual} | kept}


def _filled(columns: Sequence[str], sample: Sample) -> list[str]:
    return [cell.strip() for column in columns for cell in sample.columns.get(column, ()) if cell and cell.strip()]


def _names(base: Base, edited: Mapping, sample: Sample) -> dict[str, dict[str, str]]:
    """Events may be renamed on the way in, so that several sources speak of the same thing."""
    values = {name: dict(pairs) for name, pairs in edited.values.items()}
    if edited.table != "events" or "name" not in edited.columns:
        return values
    cells = _filled(edited.columns["name"], sample)
    names = sorted(set(cells))[:MOST_NAMES]
    given = base.mapping.values.get("name", {})
    with st.expander(t("sources.names", count=i18n.number(len(set(cells)))), icon=":material/label:"):
        st.caption(t("sources.names_help"))
        frame = pd.DataFrame({"from": names, "to": [given.get(name, name) for name in names]})
        edited_names = st.data_editor(
            frame, key=f"map_names_{base.key}", hide_index=True, num_rows="fixed", disabled=["from"],
            column_config={
                "from": st.column_config.TextColumn(t("sources.name_from")),
                "to": st.column_config.TextColumn(t("sources.name_to"), required=True),
            },
        )  # fmt: skip
    renamed = {
        str(a): _plain(str(b))
        for a, b in zip(edited_names["from"], edited_names["to"], strict=True)
        if _plain(str(b)) != a
    }
    kept = {name: value for name, value in given.items() if name not in names}
    return {name: pairs for name, pairs in values.items() if name != "name"} | (
        {"name": kept | renamed} if kept | renamed else {}
    )


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def notes(found: Guess) -> None:
    """What the guess wants decided by a person."""
    if found.missing:
        names = i18n.listed(t("sources.any_identity") if one == "identity" else target(one) for one in found.missing)
        st.warning(t("sources.missing", columns=names), icon=":material/help:")
    for note in found.notes:
        details = {name: markdown.escaped(value) for name, value in note.details.items()}
        st.info(t(f"guess.{note.code}", **details), icon=":material/lightbulb:")
