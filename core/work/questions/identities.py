"""What the Identity page asks: how well people are recognised, who is who, and why."""

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from core import schema
from core.errors import Unknown
from core.privacy import pseudonyms
from core.scope import Operator
from core.work import identities
from core.work.home import Home
from core.work.questions.reading import Reading, reading

LARGEST = 20
FACTS = tuple(name for name, table in schema.TABLES.items() if table.is_fact and table.has("identity_key"))
CONFLICT = "cut_or_anonymous"


@dataclass(frozen=True)
class Overview:
    """How well people are recognised.

    ``types``: per ``identity_type`` and ``source``: ``identities`` (distinct), ``matched`` (of them, those whose member is known
    by at least two types) and ``match_share``. An identity that several sources saw counts in each.
    ``channels``: per ``table``, ``source`` and ``channel`` (null where the facts name none): ``facts``, ``known_facts`` (of a known
    member), ``known_share``. Lines outside orders are left out.
    ``largest``: the members with most identities: ``member_id``, ``identities``, ``types``.
    ``left_out``: ``identity_key``, ``identity_type``, ``namespace``, ``reason`` (blocked, shared), ``crowd_count`` (how many
    identities of one kind a shared one was seen with). ``members`` are known, ``visitors`` only anonymous, blocked or shared.
    All but ``left_out`` obeys the reading's scope. Frames are ordered; shares are 0 to 1.
    """

    members: int
    visitors: int
    types: pd.DataFrame
    channels: pd.DataFrame
    largest: pd.DataFrame
    left_out: pd.DataFrame


@dataclass(frozen=True)
class Member:
    """One member, and why the identities are one person.

    ``identities``: ``identity_key``, ``identity_type``, ``namespace``, ``first_seen_at``, ``sources``, ``batches`` (imports that
    saw it), ``left_out`` (null, blocked, shared); oldest first.
    ``links``: every link of theirs: ``left_key``, ``right_key``, ``rule``, ``sources``, ``first_seen_at``, ``sightings`` (imports
    that saw them together), ``left_out`` (null when it connects; else blocked, shared, or ``cut_or_anonymous``).
    ``decisions``: ``decision_id``, ``kind``, ``left_key``, ``right_key``, ``reason``, ``by``, ``at`` of standing decisions.
    """

    member_id: int
    is_known: bool
    identities: pd.DataFrame
    links: pd.DataFrame
    decisions: pd.DataFrame


def overview(question: Reading) -> Overview:
    """See ``Overview``. An empty lake gives zeros and empty frames."""
    members = _allowed(question, question.member_map)
    counts = members.group_by("is_known").aggregate(count=members.member_id.nunique())
    by_known = dict(counts.to_pandas().itertuples(index=False, name=None)) if _has_map(question) else {}
    frame = question.snapshot.frame
    return Overview(
        members=int(by_known.get(True, 0)),
        visitors=int(by_known.get(False, 0)),
        types=frame(_types(question, members)),
        channels=frame(_channels(question, members)),
        largest=frame(_largest(question, members)),
        left_out=frame(_left_out(question)),
    )


def member(home: Home, question: Reading, member_id: int) -> Member:
    """See ``Member``. Raises ``Unknown`` for a member that does not exist or is outside the reading's scope."""
    snapshot, everyone = question.snapshot, question.member_map
    own = _allowed(question, everyone.filter(everyone.member_id == member_id))
    known = snapshot.frame(own)
    if known.empty:
        raise Unknown("member", str(member_id))
    keys = [int(key) for key in known["identity_key"]]
    with home.store.reading() as session:
        decided = [row for row in identities.standing(session) if {row.left_key, row.right_key} & set(keys)]
    return Member(
        member_id,
        bool(known["is_known"].iloc[0]),
        snapshot.frame(_identities(question, keys)),
        snapshot.frame(_links(question, keys)),
        pd.DataFrame(
            [(d.id, d.kind, d.left_key, d.right_key, d.reason, d.by, d.at) for d in decided],
            columns=["decision_id", "kind", "left_key", "right_key", "reason", "by", "at"],
        ),
    )


def find(home: Home, operator: Operator, text: str) -> pd.DataFrame:
    """Members who have this phone, e-mail, number or name of a browser: ``identity_key``, ``identity_type``, ``namespace``,
    ``member_id``, ``is_known``.

    Looks up pseudonyms; nothing is decrypted. People outside the operator's units are not found. Raises ``Forbidden``.
    """
    if not operator.can("identity.see"):
        operator.require("people.see")
    with reading(home, scope=operator.scope) as question:
        seen = _seen(question)
        kinds = question.snapshot.frame(seen.select("identity_type", "namespace").distinct())
        keys = [_key(home, kind, space, text) for kind, space in kinds.itertuples(index=False, name=None)]
        rows = seen.filter(seen.identity_key.isin([key for key in keys if key is not None] or [-1]))
        rows = rows.select("identity_key", "identity_type", "namespace").distinct()
        found = _allowed(question, rows.inner_join(question.member_map, "identity_key"))
        columns = ("identity_key", "identity_type", "namespace", "member_id", "is_known")
        return question.snapshot.frame(found.select(*columns).order_by("identity_type", "namespace"))


def _key(home: Home, identity_type: str, space: str, text: str) -> int | None:
    value = pseudonyms.normalised_text(identity_type, text)
    return value and pseudonyms.key_of(pseudonyms.mac_text(home.keys, identity_type, space, value))  # type: ignore[return-value]


def _has_map(question: Reading) -> bool:
    return bool(question.snapshot.files("identity_map"))


def _allowed(question: Reading, rows: ir.Table) -> ir.Table:
    return rows if question.allowed is None else rows.semi_join(question.allowed, "member_id")


def _seen(question: Reading) -> ir.Table:
    rows = question.snapshot.table("identities")
    return rows.mutate(namespace=rows.namespace.fill_null(""))


def _types(question: Reading, members: ir.Table) -> ir.Table:
    seen = _seen(question).select("identity_key", "identity_type", "source").distinct()
    joined = seen.inner_join(members.select("identity_key", "member_id"), "identity_key")
    breadth = joined.group_by("member_id").aggregate(types=joined.identity_type.nunique())
    matched = joined.inner_join(breadth, "member_id")
    counted = matched.group_by("identity_type", "source").aggregate(
        identities=matched.count(), matched=(matched.types >= 2).sum()
    )
    return counted.mutate(match_share=counted.matched / counted.identities).order_by("identity_type", "source")


def _channels(question: Reading, members: ir.Table) -> ir.Table:
    known = members.filter(members.is_known).select("identity_key", is_of_member=True)
    return ibis.union(*(_recognised(question, name, known) for name in FACTS)).order_by("table", "source", "channel")


def _recognised(question: Reading, name: str, known: ir.Table) -> ir.Table:
    rows = question.snapshot.table(name)
    if name == "order_lines":
        rows = rows.filter(rows.line_kind != "adjustment")
    rows = rows.mutate(channel=rows.channel if "channel" in rows.columns else ibis.null(str))
    rows = rows.left_join(known, "identity_key")
    if question.allowed is not None:
        rows = rows.filter(rows.is_of_member.notnull())
    counted = rows.group_by("source", "channel").aggregate(facts=rows.count(), known_facts=rows.is_of_member.count())
    return counted.select(
        "source",
        "channel",
        "facts",
        "known_facts",
        table=ibis.literal(name),
        known_share=counted.known_facts / counted.facts,
    )


def _largest(question: Reading, members: ir.Table) -> ir.Table:
    sizes = members.filter(members.is_known).group_by("member_id").aggregate(identities=ibis._.count())
    top = sizes.order_by([sizes.identities.desc(), sizes.member_id]).limit(LARGEST)
    own = members.semi_join(top, "member_id").select("identity_key", "member_id")
    typed = own.inner_join(_seen(question).select("identity_key", "identity_type").distinct(), "identity_key")
    types = typed.group_by("member_id").aggregate(types=typed.identity_type.nunique())
    both = top.inner_join(types, "member_id")
    return both.select("member_id", "identities", "types").order_by([ibis.desc("identities"), "member_id"])


def _left_out(question: Reading) -> ir.Table:
    kinds = _seen(question).select("identity_key", "identity_type", "namespace").distinct()
    rows = question.snapshot.left_out().inner_join(kinds, "identity_key")
    columns = ("identity_key", "identity_type", "namespace", "reason", "crowd_count")
    return rows.select(*columns).order_by([ibis.desc("crowd_count"), "identity_key"])


def _identities(question: Reading, keys: list[int]) -> ir.Table:
    seen = _seen(question)
    seen = seen.filter(seen.identity_key.isin(keys))
    arrived = seen.batch_id * 2**32 + seen.row_number
    rows = seen.mutate(arrived=arrived).group_by("identity_key", "identity_type", "namespace")
    rows = rows.aggregate(
        first_seen_at=seen.first_seen_at.min(),
        sources=seen.source.collect(distinct=True).sort().join(", "),
        batches=seen.batch_id.nunique(),
        arrived=ibis._.arrived.min(),
    )
    out = question.snapshot.left_out().select("identity_key", left_out="reason")
    return (
        rows.left_join(out, "identity_key")
        .drop("identity_key_right")
        .order_by("arrived", "identity_key")
        .drop("arrived")
    )


def _links(question: Reading, keys: list[int]) -> ir.Table:
    links = question.snapshot.table("identity_links")
    links = links.filter(links.left_key.isin(keys) | links.right_key.isin(keys))
    rows = links.group_by("left_key", "right_key", "rule").aggregate(
        first_seen_at=links.seen_at.min(),
        sources=links.source.collect(distinct=True).sort().join(", "),
        sightings=links.batch_id.nunique(),
    )
    out = question.snapshot.left_out()
    left = out.select(left_key="identity_key", left_reason="reason")
    right = out.select(right_key="identity_key", right_reason="reason")
    inside = ibis.memtable(pa.table({"key": pa.array(keys, pa.int64())}))
    rows = rows.left_join(left, "left_key").drop("left_key_right").left_join(right, "right_key").drop("right_key_right")
    is_joined = rows.left_key.isin(inside.key) & rows.right_key.isin(inside.key)
    why = ibis.coalesce(rows.left_reason, rows.right_reason, ibis.ifelse(is_joined, ibis.null(str), CONFLICT))
    return (
        rows.mutate(left_out=why)
        .drop("left_reason", "right_reason")
        .order_by("first_seen_at", "left_key", "right_key", "rule")
    )
