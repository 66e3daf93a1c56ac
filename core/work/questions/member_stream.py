"""Everything that happened around one member, in one stream."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import pandas as pd

from core.metrics.moments import COLUMNS
from core.work.questions.member import Member

KINDS = (
    "order", "touch", "event", "message", "group", "coupon", "activity", "feedback", "service", "points", "consent", "referral",
    "joined",
)  # fmt: skip
"""In the order in which they are offered. ``order``: refunds as well."""
DETAILS = ("amount_minor", "value", "number")
"""``value``: a code or score as text; ``number``: of the order, the message or whatever else has one."""
Entry = tuple[datetime, str, str, dict[str, object]]


def of(member: Member) -> pd.DataFrame:
    """Newest first; of the same time what came later first. Columns: ``at`` (naive UTC), ``kind`` (see ``KINDS``), ``name`` (a state or
    code of that kind), the columns of codes of a moment, ``staff_id``, ``offer_id``, ``activity_id``, and ``DETAILS``."""
    columns = ["at", "kind", "name", *COLUMNS, "staff_id", "offer_id", "activity_id", *DETAILS]
    told = pd.DataFrame.from_records([_row(*entry) for entry in _entries(member)], columns=columns)
    acts = member.acts.drop(columns="row")
    is_message = acts["name"] == "group_message"
    acts = acts.assign(kind=is_message.map({True: "message", False: "event"})).reindex(columns=columns)
    found = pd.concat([acts.astype(object), told.astype(object)], ignore_index=True)
    found["at"] = pd.to_datetime(found["at"])
    found = found.where(found.notna(), None)
    found["at"] = pd.to_datetime(found["at"]).astype("datetime64[us]")
    return found.iloc[::-1].sort_values("at", ascending=False, kind="stable", ignore_index=True)


def counts(stream: pd.DataFrame) -> dict[str, int]:
    """How many there are of each kind that there is, in the order of ``KINDS``."""
    found = stream["kind"].value_counts()
    return {kind: int(found[kind]) for kind in KINDS if kind in found}


def _row(at: datetime, kind: str, name: str, details: dict[str, object]) -> dict[str, object]:
    return {"at": at, "kind": kind, "name": name} | details


def _entries(member: Member) -> Iterator[Entry]:
    if member.profile.joined_at is not None:
        yield member.profile.joined_at, "joined", "joined", {"channel": member.profile.acquisition_channel}
    yield from _bought(member)
    for touch in member.touches:
        yield touch.at, "touch", touch.state, {
            "channel": touch.channel, "campaign_id": touch.campaign_id, "content_id": touch.content_id,
            "value": touch.reason, "number": touch.touch_id,
        }  # fmt: skip
    for stay in member.stays:
        if stay.joined_at is not None:
            yield stay.joined_at, "group", "join", {"group_id": stay.group_id, "value": stay.scene}
        if stay.left_at is not None:
            yield stay.left_at, "group", "leave", {"group_id": stay.group_id}
    yield from _rows("coupon", member.coupons, "state", "offer_id", "campaign_id", number="coupon_no")
    yield from _rows("activity", member.activities, "action", "activity_id", "group_id")
    yield from _rows("feedback", member.feedback, "feedback_kind", "channel", "unit_id", "staff_id", value="score")
    yield from _rows("service", member.conversations, None, "channel", "staff_id", value="score")
    yield from _rows("points", member.points, "kind", value="points", number="order_no")
    yield from _rows("consent", member.consent_rows, "state", "channel", value="purpose")
    for name, rows in (("brought", member.brought), ("brought_by", member.brought_by)):
        for row in rows:
            yield row["occurred_at"], "referral", name, {
                "channel": row["channel"], "campaign_id": row["campaign_id"], "number": row["member_id"],
            }  # fmt: skip


def _bought(member: Member) -> Iterator[Entry]:
    for order in member.orders:
        yield order.at, "order", "placed", {
            "channel": order.channel, "unit_id": order.unit_id, "campaign_id": order.campaign_id, "amount_minor": order.gross_minor,
            "number": order.order_no,
        }  # fmt: skip
    loose = [line for line in member.loose_lines if line["line_kind"] == "refund"]
    for line in (*loose, *(line for order in member.orders for line in order.refunds)):
        yield line["occurred_at"], "order", "refund", {
            "channel": line["channel"], "unit_id": line["unit_id"], "product_id": line["product_id"],
            "amount_minor": line["amount_minor"], "number": line["order_no"],
        }  # fmt: skip


def _rows(
    kind: str, rows: Iterable[dict[str, object]], named_by: str | None, *columns: str, **told: str
) -> Iterator[Entry]:
    for row in rows:
        details = {column: row[column] for column in columns} | {name: row[column] for name, column in told.items()}
        yield row["occurred_at"], kind, str(row[named_by]) if named_by else kind, details  # type: ignore[misc]
