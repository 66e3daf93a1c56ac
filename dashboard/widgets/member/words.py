"""What happened to a member, in the reader's words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from dashboard import i18n
from dashboard.data import member as data
from dashboard.data import people
from dashboard.data.member import Member
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import names

Told = tuple[str, str]
"""What happened, and what is quietly said beside it."""
Row = Mapping[Any, Any]


def code(prefix: str, value: object) -> str:
    """A code of the data in the reader's words, else as it is."""
    if value is None:
        return UNDEFINED
    key = f"{prefix}{value}"
    return t(key) if i18n.has(key) else str(value)


def channel(value: str | None) -> str:
    return code("channel.", value)


def day(at: datetime | None) -> str:
    return moment(at)[:10]


def moment(at: datetime | None) -> str:
    """A naive UTC time on the clock of the business zone."""
    return UNDEFINED if at is None else names.moment(pd.Timestamp(at), data.zone())


def who(member_id: int | None) -> str:
    return t("member.somebody") if member_id is None else label(member_id)


def label(member_id: int) -> str:
    (found,) = people.labels(pd.Series(np.array([member_id], np.int64)))
    return found


def called(member: Member, column: str, one: str | None) -> str:
    return member.name(column, one) or UNDEFINED


def entry(member: Member, row: Row) -> Told:
    """A row of ``core.work.questions.member_stream``."""
    title, *beside = _TELL[row["kind"]](member, row)
    return title, " · ".join(part for part in beside if part)


def _order(member: Member, row: Row) -> tuple[str, ...]:
    amount = i18n.money(row["amount_minor"], member.currency)
    return (
        t(f"member.order_{row['name']}", amount=amount), t("member.order_no", number=row["number"]), _channel(row),
        _named(member, "product_id", row),
    )  # fmt: skip


def _touch(member: Member, row: Row) -> tuple[str, ...]:
    told = t("member.touch_on", channel=channel(row["channel"]), state=t(f"member.state_{row['name']}"))
    why = t("member.reason", reason=code("member.reason_", row["value"])) if row["value"] else ""
    return told, _named(member, "campaign_id", row), _named(member, "content_id", row), why


def _event(member: Member, row: Row) -> tuple[str, ...]:
    about = (_named(member, column, row) for column in ("content_id", "product_id", "group_id", "campaign_id"))
    return (names.event(row["name"]), *about, _channel(row))


def _message(member: Member, row: Row) -> tuple[str, ...]:
    return (t("member.message_in", group=called(member, "group_id", row["group_id"])),)


def _group(member: Member, row: Row) -> tuple[str, ...]:
    told = t(f"member.group_{row['name']}", group=called(member, "group_id", row["group_id"]))
    return told, t("member.scene", scene=code("member.scene_", row["value"])) if row["value"] else ""


def _coupon(member: Member, row: Row) -> tuple[str, ...]:
    return t(f"member.coupon_{row['name']}", offer=called(member, "offer_id", row["offer_id"])), _named(
        member, "campaign_id", row
    )


def _activity(member: Member, row: Row) -> tuple[str, ...]:
    told = t("member.activity_took", activity=called(member, "activity_id", row["activity_id"]))
    return told, "" if row["name"] == "None" else row["name"], _named(member, "group_id", row)


def _feedback(_member: Member, row: Row) -> tuple[str, ...]:
    kind = code("surveys.kind_", row["name"])
    if row["value"] is None:
        return t("member.feedback_plain", kind=kind), _channel(row)
    return t("member.feedback_score", kind=kind, score=score(row["value"])), _channel(row)


def _service(member: Member, row: Row) -> tuple[str, ...]:
    staff = t("member.service_with", staff=called(member, "staff_id", row["staff_id"])) if row["staff_id"] else ""
    rated = t("member.service_score", score=score(row["value"])) if row["value"] is not None else ""
    return t("member.service_talk"), staff, rated, _channel(row)


def _points(_member: Member, row: Row) -> tuple[str, ...]:
    told = t(f"member.points_{row['name']}", points=i18n.number(row["value"]))
    return told, t("member.order_no", number=row["number"]) if row["number"] else ""


def _consent(_member: Member, row: Row) -> tuple[str, ...]:
    where = t("member.every_channel") if row["channel"] is None else channel(row["channel"])
    return (t(f"member.consent_{row['name']}", purpose=code("member.purpose_", row["value"]), channel=where),)


def _referral(_member: Member, row: Row) -> tuple[str, ...]:
    return t(f"member.referral_{row['name']}", who=who(row["number"])), _channel(row)


def _joined(_member: Member, row: Row) -> tuple[str, ...]:
    return t("member.joined_joined"), _channel(row)


_TELL = {
    "order": _order, "touch": _touch, "event": _event, "message": _message, "group": _group, "coupon": _coupon, "activity": _activity,
    "feedback": _feedback, "service": _service, "points": _points, "consent": _consent, "referral": _referral, "joined": _joined,
}  # fmt: skip


def score(value: Any) -> str:
    return i18n.number(float(value), 0 if float(value).is_integer() else 1)


def _channel(row: Row) -> str:
    return channel(row["channel"]) if row["channel"] else ""


def _named(member: Member, column: str, row: Row) -> str:
    return called(member, column, row[column]) if row[column] else ""
