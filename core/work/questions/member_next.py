"""What to say to one member next, read from what happened to it. Rules of thumb, the most urgent first; each with what it rests on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.metrics.facts import CARTS
from core.work.questions.member import Member, Row
from core.work.questions.member_standing import Standing

TROUBLE_DAYS, SERVICE_DAYS, CART_DAYS, FIRST_DAYS, SILENT_DAYS, COUPON_DAYS, KEEP_DAYS = 30, 7, 7, 30, 60, 30, 14
DUE_DAYS = 3
"""Days with an order that make a rhythm."""
LOW_SCORE = 2
"""Of 5: a conversation that went badly."""


@dataclass(frozen=True, slots=True)
class Hint:
    """``name``: of what is to be said; ``at``: when what it rests on happened; ``about``: (column of ids, id) it is about."""

    name: str
    at: datetime | None = None
    about: tuple[str, str] | None = None
    details: dict[str, object] = field(default_factory=dict)


def of(member: Member, standing: Standing | None = None) -> list[Hint]:
    """Nothing for somebody of whom nothing is known that calls for words."""
    return [] if member.as_of is None else list(_hints(member, member.as_of.replace(tzinfo=None), standing))


def _hints(member: Member, now: datetime, standing: Standing | None) -> Iterator[Hint]:
    yield from _trouble(member, now)
    last_order = member.orders[0].at if member.orders else datetime(1970, 1, 1)
    yield from _coupon(member, now)
    yield from _cart(member, max(last_order, now - timedelta(days=CART_DAYS)))
    if len(member.orders) == 1 and now - last_order <= timedelta(days=FIRST_DAYS):
        yield Hint("first_order", last_order, details={"order_no": member.orders[0].order_no})
    yield from _due(member)
    last = _last_seen(member)
    if last is not None and now - last > timedelta(days=SILENT_DAYS):
        yield Hint("silent" if not member.orders else "silent_buyer", last, details={"days": (now - last).days})
    kind = standing.rows.get("rfm", {}).get("rfm_class") if standing else None
    days = member.bought.days_since_last_order
    if kind in ("high_keep", "high_retain") and days is not None and days >= KEEP_DAYS:
        yield Hint("keep", last_order, details={"days": days})


def _trouble(member: Member, now: datetime) -> Iterator[Hint]:
    for row in _since(member.feedback, now, TROUBLE_DAYS):
        if row["feedback_kind"] in ("complaint", "dispute"):
            yield Hint(str(row["feedback_kind"]), row["occurred_at"], details={"category": row["category"]})
            break
    for row in _since(member.conversations, now, SERVICE_DAYS):
        if row["resolved_at"] is None or (row["score"] is not None and row["score"] <= LOW_SCORE):
            yield Hint("unsolved" if row["resolved_at"] is None else "unhappy", row["occurred_at"])
            break


def _coupon(member: Member, now: datetime) -> Iterator[Hint]:
    """The newest coupon that is in hand: neither used nor expired."""
    over = {row["coupon_no"] for row in member.coupons if row["state"] in ("redeemed", "expired")}
    for row in _since(member.coupons, now, COUPON_DAYS):
        if row["coupon_no"] not in over:
            yield Hint("coupon", row["occurred_at"], ("offer_id", str(row["offer_id"])))
            return


def _cart(member: Member, after: datetime) -> Iterator[Hint]:
    """Put into the cart lately and not bought since."""
    carts = member.acts[member.acts["name"].isin(CARTS) & (member.acts["at"] > after)]
    if len(carts):
        last = carts.iloc[-1]
        product = last["product_id"]
        about = ("product_id", str(product)) if isinstance(product, str) else None
        yield Hint("cart", last["at"].to_pydatetime(), about)


def _due(member: Member) -> Iterator[Hint]:
    """Bought on three days or more, and the mean gap between them is over; beyond four gaps it is no longer a rhythm."""
    days = sorted({order.on for order in member.orders})
    since = member.bought.days_since_last_order
    if len(days) >= DUE_DAYS and since is not None:
        gap = round((days[-1] - days[0]).days / (len(days) - 1))
        if gap <= since <= 4 * gap:
            yield Hint("due", member.orders[0].at, details={"gap": gap, "days": since})


def _last_seen(member: Member) -> datetime | None:
    """Last action of the member's own."""
    times = [order.at for order in member.orders[:1]]
    if len(member.acts):
        times.append(member.acts["at"].iloc[-1].to_pydatetime())
    return max(times, default=None)


def _since(rows: Sequence[Row], now: datetime, days: int) -> Iterator[Row]:
    return (row for row in rows if now - row["occurred_at"] <= timedelta(days=days))
