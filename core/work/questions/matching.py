"""Whom a piece of content or a product fits: matching scores, their parts, and whether they find later reads."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from functools import cached_property
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import Unknown
from core.lake.writer import local_time
from core.metrics import matching
from core.metrics.contents import READS
from core.metrics.facts import CARTS, VIEWS
from core.metrics.matching import FAMILIES, WEIGHTS, Floats, Profiles, Tags, Trial
from core.periods import Period, comparable
from core.work.questions.reading import Reading

Kind = Literal["content", "product"]
KNOWN_DAYS = 90
"""Days of behaviour that tags are read from; what is older would count less than an eighth. Rule of thumb."""
TRIAL_DAYS = 14
MOST_READERS = 20_000
"""Readers that a trial looks at; more are drawn evenly by their number, the same ones each time."""
BINS = 20
_ACTS = (
    {"like": "like", "comment": "comment", "share": "share"}
    | dict.fromkeys(READS, "read")
    | dict.fromkeys(VIEWS, "view")
)
_ACTS |= dict.fromkeys(CARTS, "cart")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Tags known at the start of the last 14 days against what was read in them. ``readers``: members with tags who read anything,
    ``looked_at`` of them were drawn; ``pieces`` read by any of these. ``popular``: ranking pieces by how often they were read in the 14
    days before, ``newest``: by when they were published, both the same for all members; ``lively``: ranking members by how much they
    read in these days, the same for all pieces."""

    score: Trial
    popular: Trial
    newest: Trial
    lively: Trial
    readers: int
    looked_at: int
    pieces: int


@dataclass(frozen=True, eq=False)
class Matched:
    """MS of all members with tags for one piece or product. ``tags``: what it has, by family. ``histogram``: members by score, in equal
    bins from 0 to 1. ``frame``: ``member_id``, ``score``, and what each family adds to it, the best first, ties by number."""

    kind: Kind
    key: str
    now: Period
    as_of_on: date
    tags: dict[str, tuple[str, ...]]
    histogram: tuple[int, ...]
    frame: pd.DataFrame
    without_tags: int

    @cached_property
    def members(self) -> int:
        return len(self.frame)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that a score can be asked for."""

    kind: Kind
    key: str
    name: str
    group: str


def choices(reading: Reading) -> list[Choice]:
    """Pieces, the newest first, then products by name, as the data describes them."""
    contents = reading.snapshot.current("contents")
    rows = reading.snapshot.arrow(
        contents.order_by(ibis.desc("published_at"), "content_id").select("content_id", "title", "topic")
    ).to_pylist()
    found = [Choice("content", row["content_id"], row["title"], row["topic"] or "") for row in rows]
    products = reading.snapshot.current("products")
    rows = reading.snapshot.arrow(
        products.order_by("name", "product_id").select("product_id", "name", "category")
    ).to_pylist()
    return found + [
        Choice("product", row["product_id"], row["name"] or row["product_id"], row["category"] or "") for row in rows
    ]


def matched(reading: Reading, kind: Kind, key: str, tagged: Profiles | None = None) -> Matched | None:
    """Who fits. ``tagged``: what ``known`` said, where somebody asks for several. None where there are no tags. Raises ``Unknown``
    for a piece or product that the data does not describe."""
    tagged = known(reading) if tagged is None else tagged
    if tagged is None:
        return None
    assert reading.period is not None and reading.as_of_on is not None
    now, _ = comparable(reading.period, reading.as_of_on)
    tags = _tags_of(reading, kind, key)
    vector = np.zeros((1, len(tagged.tags)))
    for family, names in tags.items():
        for name in names:
            column = tagged.tags.column(family, name)
            if column is not None:
                vector[0, column] = 1.0
    piece = matching.pieces(vector, tagged.idf)
    parts = np.clip(matching.parts(tagged, piece), 0.0, 1.0)
    frame = pd.DataFrame({"member_id": tagged.member, "score": np.minimum(parts.sum(axis=1), 1.0)})
    frame = frame.assign(**{family: parts[:, place] for place, family in enumerate(FAMILIES)})
    counts, _ = np.histogram(frame["score"].to_numpy(), bins=BINS, range=(0.0, 1.0))
    order = np.lexsort((frame["member_id"].to_numpy(), -frame["score"].to_numpy()))
    total = reading.members.member_id.nunique() if reading.allowed is None else reading.allowed.member_id.nunique()
    everybody = int(str(reading.snapshot.value(total)))
    return Matched(
        kind,
        key,
        now,
        reading.as_of_on,
        tags,
        tuple(counts.tolist()),
        frame.iloc[order].reset_index(drop=True),
        everybody - len(frame),
    )


def evaluated(reading: Reading) -> Evaluation | None:
    """Whether MS finds what members read later, against simpler rankings. None where there is too little to tell: no tags, or fewer
    than two pieces read in the last 14 days."""
    if reading.period is None or reading.as_of_on is None:
        return None
    now, _ = comparable(reading.period, reading.as_of_on)
    cut = now.end_on - timedelta(days=TRIAL_DAYS)
    tagged = _known(reading, cut)
    if tagged is None:
        return None
    later = _reads(reading, Period(cut, now.end_on))
    later = later[np.isin(later["member_id"], tagged.member)]
    if later.empty or later["content_id"].nunique() < 2:
        return None
    readers = np.unique(later["member_id"])
    drawn = (
        readers
        if len(readers) <= MOST_READERS
        else readers[np.linspace(0, len(readers) - 1, MOST_READERS).astype(np.int64)]
    )
    later = later[np.isin(later["member_id"], drawn)]
    keys = sorted(later["content_id"].unique())
    row = np.searchsorted(drawn, later["member_id"])
    has_read = np.zeros((len(drawn), len(keys)), bool)
    has_read[row, np.searchsorted(keys, later["content_id"])] = True
    mine = np.searchsorted(tagged.member, drawn)
    chosen = Profiles(tagged.tags, drawn, tagged.weight[mine], tagged.idf)
    score = matching.scores(chosen, matching.pieces(_vectors(reading, keys, tagged.tags), tagged.idf))
    before = _reads(reading, Period(cut - timedelta(days=TRIAL_DAYS), cut))
    often = before["content_id"].value_counts()
    popular: Floats = np.broadcast_to(np.asarray(often.reindex(keys).fillna(0), np.float64), has_read.shape)
    newest = np.broadcast_to(_published(reading, keys), has_read.shape)
    much = before["member_id"].value_counts()
    own = np.asarray(much.reindex(drawn).fillna(0), np.float64)
    lively: Floats = np.broadcast_to(own[:, None], has_read.shape)
    return Evaluation(
        matching.trial(score, has_read), matching.trial(popular, has_read), matching.trial(newest, has_read),
        matching.trial(lively, has_read), len(readers), len(drawn), len(keys),
    )  # fmt: skip


def _published(reading: Reading, keys: list[str]) -> np.ndarray:
    """When each was published, in seconds; a piece that tells no time comes last."""
    rows = reading.snapshot.current("contents")
    told = reading.snapshot.arrow(
        rows.filter(rows.content_id.isin(keys)).select("content_id", "published_at")
    ).to_pylist()
    at = {
        row["content_id"]: row["published_at"].replace(tzinfo=UTC).timestamp()
        for row in told
        if row["published_at"] is not None
    }
    return np.array([at.get(key, 0.0) for key in keys])


def known(reading: Reading) -> Profiles | None:
    """Tags of all members by what they did up to the end of the period; None in a lake without data, and where it knows no tags."""
    if reading.period is None or reading.as_of_on is None:
        return None
    now, _ = comparable(reading.period, reading.as_of_on)
    return _known(reading, now.end_on)


def _known(reading: Reading, until: date) -> Profiles | None:
    """Members' tags from the 90 days before a day. None without any act on content or a product."""
    if not reading.snapshot.files("events") and not reading.snapshot.files("order_lines"):
        return None
    period = Period(until - timedelta(days=KNOWN_DAYS), until)
    families: list[tuple[int, pa.Table]] = []
    acts = _acts(reading, period)
    described = _described(reading)
    joined = acts.left_join(described, "content_id").drop("content_id_right")
    products = reading.snapshot.current("products").select("product_id", "category")
    joined = joined.left_join(products, "product_id").drop("product_id_right")
    for place, family in enumerate(FAMILIES):
        column = joined.at_hour if family == "hour" else joined[family]
        rows = joined.filter(column.notnull()).mutate(tag=column.cast("string"))
        summed = rows.group_by("member_id", "tag").aggregate(weight=rows.weight.sum()) if family else rows
        families.append((place, reading.snapshot.arrow(summed)))
    return _profiles(families)


def _profiles(families: list[tuple[int, pa.Table]]) -> Profiles | None:
    names: list[str] = []
    family: list[int] = []
    member, tag, weight = [], [], []
    for place, table in families:
        told = table["tag"].combine_chunks().dictionary_encode()
        own = [str(name) for name in told.dictionary.to_pylist()]
        order = np.argsort(np.array(own, dtype=object)) if own else np.empty(0, np.int64)
        column = np.empty(len(own), np.int64)
        column[order] = np.arange(len(own)) + len(names)
        member.append(table["member_id"].to_numpy().astype(np.int64))
        tag.append(column[told.indices.to_numpy()])
        weight.append(table["weight"].to_numpy().astype(float))
        names += [own[one] for one in order]
        family += [place] * len(own)
    if not names:
        return None
    tags = Tags(np.array(family, np.int64), tuple(names))
    return matching.profiles(np.concatenate(member), np.concatenate(tag), np.concatenate(weight), tags)


def _acts(reading: Reading, period: Period) -> ir.Table:
    """What members did with content and products: ``member_id``, ``content_id``, ``product_id``, ``channel``, ``at_hour`` (both of acts
    on content alone), ``weight``."""
    last = period.last_on
    found = []
    if reading.snapshot.files("events"):
        rows = reading.table("events")
        kept = rows.filter(rows.name.isin(sorted(_ACTS)) & (rows.content_id.notnull() | rows.product_id.notnull()))
        weight = ibis.cases(*[(kept.name == name, WEIGHTS[act]) for name, act in sorted(_ACTS.items())], else_=0.0)
        found.append(_weighed(kept, weight, kept.occurred_at, kept.content_id, kept.product_id, kept.channel))
    if reading.snapshot.files("touches"):
        rows = reading.table("touches")
        clicks = rows.filter((rows.state == "clicked") & rows.content_id.notnull())
        none = ibis.null("string")
        found.append(
            _weighed(
                clicks, ibis.literal(WEIGHTS["click"]), clicks.occurred_at, clicks.content_id, none, clicks.channel
            )
        )
    if reading.snapshot.files("order_lines"):
        rows = reading.anywhere("order_lines")
        bought = rows.filter((rows.line_kind == "sale") & (rows.amount_minor > 0) & rows.product_id.notnull())
        none = ibis.null("string")
        found.append(
            _weighed(bought, ibis.literal(WEIGHTS["order"]), bought.occurred_at, none, bought.product_id, none)
        )
    acts = ibis.union(*found) if len(found) > 1 else found[0]
    acts = acts.filter(
        acts.member_id.notnull() & (acts.local_date >= period.start_on) & (acts.local_date < period.end_on)
    )
    age = ibis.literal(last).delta(acts.local_date, unit="day").cast("float64")
    is_content = acts.content_id.notnull()
    hour = local_time(acts.occurred_at, reading.zone).hour().cast("string").lpad(2, "0")
    acts = acts.mutate(
        weight=acts.weight * ibis.literal(2.0).pow(-age / matching.HALF_LIFE_DAYS),
        at_hour=ibis.ifelse(is_content, hour, None), channel=ibis.ifelse(is_content, acts.channel, None),
    )  # fmt: skip
    columns = ("member_id", "content_id", "product_id", "channel", "at_hour", "weight")
    return reading.snapshot.keep(acts.select(*columns))


def _weighed(
    rows: ir.Table, weight: ir.Value, at: ir.Value, content: ir.Value, product: ir.Value, channel: ir.Value
) -> ir.Table:
    return rows.select(
        "member_id", "local_date", occurred_at=at, content_id=content, product_id=product, channel=channel, weight=weight.cast("float64")
    )  # fmt: skip


def _described(reading: Reading) -> ir.Table:
    return reading.snapshot.current("contents").select("content_id", "topic", "format")


def _reads(reading: Reading, period: Period) -> pd.DataFrame:
    """Members' reads: ``member_id``, ``content_id``."""
    rows = reading.table("events")
    days = (rows.local_date >= period.start_on) & (rows.local_date < period.end_on)
    kept = rows.filter(rows.name.isin(READS) & rows.content_id.notnull() & rows.member_id.notnull() & days)
    return reading.snapshot.arrow(kept.select("member_id", "content_id")).to_pandas()


def _tags_of(reading: Reading, kind: Kind, key: str) -> dict[str, tuple[str, ...]]:
    """Tags of a piece (topic, format, channel, hour of publishing, categories of products it was seen with) or of a product (its
    category)."""
    if kind == "product":
        rows = reading.snapshot.current("products")
        found = reading.snapshot.arrow(rows.filter(rows.product_id == key).select("category")).to_pylist()
        if not found:
            raise Unknown("product", key)
        return {"category": (found[0]["category"],) if found[0]["category"] else ()}
    told = _pieces(reading, [key])
    if key not in told:
        raise Unknown("content", key)
    return told[key]


def _pieces(reading: Reading, keys: list[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    rows = reading.snapshot.current("contents")
    rows = rows.filter(rows.content_id.isin(keys))
    hour = local_time(rows.published_at, reading.zone).hour().cast("string").lpad(2, "0")
    told = reading.snapshot.arrow(rows.select("content_id", "topic", "format", "channel", hour=hour)).to_pylist()
    seen = _categories(reading, keys)
    return {
        row["content_id"]: {name: (row[name],) if row[name] else () for name in FAMILIES[:4]}
        | {"category": seen.get(row["content_id"], ())}
        for row in told
    }


def _categories(reading: Reading, keys: list[str]) -> dict[str, tuple[str, ...]]:
    """Categories of products that events name together with a piece."""
    events = reading.visible("events")
    pairs = (
        events.filter(events.content_id.isin(keys) & events.product_id.notnull())
        .select("content_id", "product_id")
        .distinct()
    )
    products = reading.snapshot.current("products").select("product_id", "category")
    found = pairs.inner_join(products, "product_id").filter(lambda rows: rows.category.notnull())
    told: dict[str, list[str]] = {}
    for row in reading.snapshot.arrow(
        found.select("content_id", "category").distinct().order_by("content_id", "category")
    ).to_pylist():
        told.setdefault(row["content_id"], []).append(row["category"])
    return {key: tuple(names) for key, names in told.items()}


def _vectors(reading: Reading, keys: list[str], tags: Tags) -> np.ndarray:
    """One row per piece, 1 where it has a tag; a piece that nothing describes has none."""
    told = _pieces(reading, keys)
    found = np.zeros((len(keys), len(tags)))
    for row, key in enumerate(keys):
        for family, names in told.get(key, {}).items():
            for name in names:
                column = tags.column(family, name)
                if column is not None:
                    found[row, column] = 1.0
    return found
