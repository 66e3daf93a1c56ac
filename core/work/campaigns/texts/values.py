"""What personal fields of texts say of members, for many at once: out of the lake, and names out of the store, sealed as they are there.

Of several profiles the newest that tells a field counts (``core.work.questions.traits``). What was bought last is the newest line of an order that is no refund and that has a name. A
tier is called as the language of the text calls it, an imported one that the product knows too; another as it was told.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from core.campaigns.body import Body, Offer
from core.lake.reader import Snapshot
from core.privacy.pseudonyms import Keys
from core.privacy.vault import Vault, profile_label
from core.sequences.arrays import Array, Int64s
from core.store import profile_fields
from core.store.profile_fields import NICKNAME
from core.store.session import Session
from core.work.campaigns.texts import coupons
from core.work.questions import membership, population, profiles, rfm, traits
from core.work.questions.kept import per_version
from core.work.questions.population import Flags, marked
from core.work.questions.reading import Reading

EPOCH = date(1970, 1, 1)
TIER_NAMES: Mapping[bool, Mapping[str, str]] = {
    True: {"basic": "普通会员", "silver": "银卡会员", "gold": "金卡会员", "diamond": "钻石卡会员"},
    False: {"basic": "Basic", "silver": "Silver", "gold": "Gold", "diamond": "Diamond"},
}
"""Names of tiers that are called as the product calls its own, by whether the text is Chinese."""
OF_MESSAGE = "unsubscribe_link"
"""Field that every message has of its own, and that no member lacks."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """``has``: who has a value, by member code; asked of everybody, and only before a campaign is sent. ``read``: the values of some codes, null where there is none; it costs by their number."""

    has: Callable[[], Flags]
    read: Callable[[Int64s], list[Any]]


class Values:
    """Personal fields of the members of a version of the lake. ``today``: the business day; ``code``: of the campaign. ``has_way_out``: whether the house is reached by
    links, so that messages have one that leads out."""

    def __init__(
        self,
        lake: Reading,
        session: Session,
        keys: Keys,
        body: Body,
        code: str,
        today: date,
        *,
        has_way_out: bool = True,
    ) -> None:
        self._lake, self._session, self._keys = lake, session, keys
        self._body, self._code, self._today = body, code, today
        self._has_way_out = has_way_out
        self._found: dict[str, Told] = {}

    @property
    def members(self) -> int:
        return len(population.of(self._lake.snapshot).ids)

    def has(self, field: str) -> Flags:
        """Who has a value of a field, by member code; the link out is everybody's or nobody's."""
        return np.full(self.members, self._has_way_out) if field == OF_MESSAGE else self._told(field).has()

    def of(self, field: str, codes: Int64s) -> list[Any]:
        """Values of a field, for members by code; null where there is none, and of the link out, which is a message's."""
        return [None] * len(codes) if field == OF_MESSAGE else self._told(field).read(codes)

    def _told(self, field: str) -> Told:
        if field not in self._found:
            self._found[field] = self._fresh(field)
        return self._found[field]

    def _fresh(self, field: str) -> Told:
        match field:
            case "nickname":
                return self._nicknames()
            case "tier":
                return self._tiers()
            case "city":
                return _named(*traits.single(self._lake, "city"))
            case "unit":
                return _named(*traits.single(self._lake, "unit"), _units(self._lake.snapshot))
            case "staff":
                return _named(*traits.single(self._lake, "staff"), profiles.staff(self._lake))
            case "last_product":
                return _named(*_last_products(self._lake.snapshot))
            case "points":
                return self._points()
            case "last_order_on":
                return Told(self._has_bought, lambda codes: _each(self._last_orders(codes), _day))
            case "days_since_last_order":
                today = (self._today - EPOCH).days
                return Told(
                    self._has_bought, lambda codes: _each(self._last_orders(codes), lambda day: max(today - day, 0))
                )
            case "joined_on":
                has, day, _ = traits.single(self._lake, "joined_on")
                return _numbers(has, day, _day)
            case _:
                return self._of_offer(field)

    # -- each of them --------------------------------------------------------------------------------------------------

    def _nicknames(self) -> Told:
        """Of somebody who is called several things the one that was told last."""

        def has() -> Flags:
            people = population.of(self._lake.snapshot)
            who = people.subjects.codes(profile_fields.holders(self._session, NICKNAME))
            return marked(who[who >= 0], len(people.ids))

        return Told(has, self._called)

    def _called(self, codes: Int64s) -> list[str | None]:
        own = _keys(self._lake.snapshot)
        first, end = np.searchsorted(own.who, codes, "left").tolist(), np.searchsorted(own.who, codes, "right").tolist()
        keys = [own.key[start:stop].tolist() for start, stop in zip(first, end, strict=True)]
        told = profile_fields.told(self._session, NICKNAME, sorted({key for some in keys for key in some}))
        vault, last = Vault(self._keys), [profile_fields.last(told, some) for some in keys]
        return [None if key is None else vault.open(told[key].ciphertext, profile_label(key, NICKNAME)) for key in last]

    def _tiers(self) -> Told:
        names = TIER_NAMES[is_chinese(self._body)]
        column = membership.standings(self._lake)["tier"]
        return Told(
            lambda: _is_told(column), lambda codes: _each(_taken(column, codes), lambda name: names.get(name, name))
        )

    def _points(self) -> Told:
        column = membership.standings(self._lake)["points"]
        return Told(lambda: _is_told(column), lambda codes: _taken(column, codes))

    def _has_bought(self) -> Flags:
        ids = population.of(self._lake.snapshot).ids
        return np.isin(ids, rfm.standings(self._lake)["member_id"].to_numpy())

    def _last_orders(self, codes: Int64s) -> list[int | None]:
        """Days since 1970."""
        on, rows = self._lake.as_of_on, rfm.standings(self._lake)
        if on is None or not rows.num_rows:
            return [None] * len(codes)
        ids, buyers = population.of(self._lake.snapshot).ids[codes], rows["member_id"].to_numpy()
        at = np.minimum(np.searchsorted(buyers, ids), len(buyers) - 1)
        days = ((on - EPOCH).days - rows["days_since_last_order"].to_numpy()[at]).tolist()
        return [day if is_one else None for day, is_one in zip(days, (buyers[at] == ids).tolist(), strict=True)]

    def _of_offer(self, field: str) -> Told:
        offer = self._body.offer
        if offer is not None and field == "coupon_code" and offer.codes == "single":
            ids = population.of(self._lake.snapshot).ids
            key = coupons.key(self._keys)
            return Told(
                lambda: np.ones(self.members, bool),
                lambda codes: [coupons.single(key, self._code, member) for member in ids[codes].tolist()],
            )
        value = None if offer is None else of_offer(offer, field)
        return Told(lambda: np.full(self.members, value is not None), lambda codes: [value] * len(codes))


def of_offer(offer: Offer, field: str) -> Any:
    """What a field of an offer says to everybody; null where each has one of their own, or where it says nothing."""
    told = {
        "coupon_code": offer.code or None if offer.codes == "shared" else None,
        "coupon_amount": offer.face_minor,
        "coupon_ends_on": offer.ends_on,
    }
    return told[field]


def is_chinese(body: Body) -> bool:
    """Whether any text of a campaign has a Chinese character."""
    texts = (text for one in body.variants for content in one.contents.values() for text in content.texts().values())
    return has_chinese(texts)


def has_chinese(texts: Iterable[str]) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for text in texts for letter in text)


def _named(has: Flags, place: Array, names: Sequence[str], called: Mapping[str, str] | None = None) -> Told:
    """Texts by their places among names; ``called``: what ids are called, themselves where nobody named them."""
    told = [(called or {}).get(name) or name for name in names]
    return Told(
        lambda: has,
        lambda codes: [told[at] if is_told else None for at, is_told in zip(place[codes], has[codes], strict=True)],
    )


def _numbers(has: Flags, values: Array, kind: Callable[[int], Any]) -> Told:
    def read(codes: Int64s) -> list[Any]:
        pairs = zip(values[codes].tolist(), has[codes].tolist(), strict=True)
        return [kind(value) if is_told else None for value, is_told in pairs]

    return Told(lambda: has, read)


def _each(values: Sequence[Any], kind: Callable[[Any], Any]) -> list[Any]:
    return [None if value is None else kind(value) for value in values]


def _is_told(column: pa.ChunkedArray) -> Flags:
    return np.asarray(column.is_valid())


def _taken(column: pa.ChunkedArray, codes: Int64s) -> list[Any]:
    """Of a column of one row per member."""
    found: list[Any] = column.take(pa.array(codes, pa.int64())).to_pylist()
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Keys:
    """Identities by ascending member code, of each member by ascending key."""

    who: Array
    key: Int64s


@per_version("identity_map", most=2)
def _keys(snapshot: Snapshot) -> _Keys:
    key = snapshot.stream(population.links(snapshot))["identity_key"]
    who = population.of(snapshot).subjects.codes(key)
    order = np.lexsort((key, who))
    return _Keys(who[order], key[order])


def _day(number: int) -> date:
    return EPOCH + timedelta(days=number)


def _units(snapshot: Snapshot) -> dict[str, str]:
    rows = snapshot.arrow(snapshot.current("units").select("unit_id", "name"))
    return dict(zip(rows["unit_id"].to_pylist(), rows["name"].to_pylist(), strict=True))


@per_version("order_lines", "products", "identity_map", most=2)
def _last_products(snapshot: Snapshot) -> tuple[Flags, Array, tuple[str, ...]]:
    """By member code: whether something was bought, and the place of its name, of lines of one moment the last that was brought."""
    people = population.of(snapshot)
    nobody = np.zeros(len(people.ids), bool), np.zeros(len(people.ids), np.int64), ()
    if not snapshot.files("order_lines"):
        return nobody
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.line_kind == "sale", lines.identity_key.notnull(), lines.amount_minor > 0)
    named = snapshot.current("products").select("product_id", called="name")
    rows = lines.left_join(named, "product_id")
    rows = rows.select(
        "identity_key", "occurred_at", "batch_id", "row_number", name=rows.product_name.fill_null(rows.called)
    )
    table = snapshot.arrow(rows.filter(rows.name.notnull()))
    if not table.num_rows:
        return nobody
    who = people.subjects.codes(table["identity_key"].to_numpy())
    at = table["occurred_at"].cast(pa.int64()).to_numpy()
    order = np.lexsort((table["row_number"].to_numpy(), table["batch_id"].to_numpy(), at))
    order = order[who[order] >= 0]
    column = table["name"].combine_chunks().dictionary_encode()
    place = np.zeros(len(people.ids), np.int64)
    place[who[order]] = column.indices.to_numpy()[order]
    return marked(who[order], len(people.ids)), place, tuple(column.dictionary.to_pylist())
