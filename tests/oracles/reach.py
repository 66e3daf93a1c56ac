"""Reach read by loops: every gate is asked of one member after the other, over plain rows. Business days are eight hours ahead."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Facts = Mapping[str, list[Row]]
GATES = ("trial", "minor", "consent", "identity", "friend", "quota", "cap")


def day(at: datetime) -> date:
    return (at + timedelta(hours=8)).date()


def stopped_at(facts: Facts, keys: set[int], channel: str, on: date) -> str | None:
    """The first gate that stops the member whose identities are ``keys``; None who is reachable."""

    def own(table: str) -> list[Row]:
        return [row for row in facts.get(table, []) if row["identity_key"] in keys]

    profiles = {row["identity_key"]: row for row in own("member_profiles")}.values()
    if any(row.get("is_test") for row in profiles):
        return "trial"
    years = [row["birth_year"] for row in profiles if row.get("birth_year") is not None]
    if years and on.year - years[-1] <= 14:
        return "minor"
    if not _has_consented(own("consents"), channel):
        return "consent"
    if not _has_identity(own("identities"), own("group_membership"), channel):
        return "identity"
    if channel == "wecom" and not any(row.get("is_friend") for row in profiles):
        return "friend"
    sent = _messages(own("touches"))
    of_month = [one for one in sent if one[1] == channel and one[0].strftime("%Y-%m") == on.strftime("%Y-%m")]
    quota = {"wecom": monthrange(on.year, on.month)[1], "official_account": 4}.get(channel)
    if quota is not None and len(of_month) >= quota:
        return "quota"
    return "cap" if sum((on - when).days < 7 for when, _ in sent) >= 4 else None


def _has_consented(rows: list[Row], channel: str) -> bool:
    about = [r for r in rows if r["purpose"] == "marketing" and r["channel"] in (None, channel)]
    newest = max((row["occurred_at"] for row in about), default=None)
    return bool(about) and all(row["state"] == "given" for row in about if row["occurred_at"] == newest)


def _has_identity(identities: list[Row], changes: list[Row], channel: str) -> bool:
    if channel == "group_chat":
        last: dict[str, str] = {}
        for row in sorted(changes, key=lambda row: row["occurred_at"]):
            last[row["group_id"]] = row["change"]
        return "join" in last.values()
    wanted = {"wecom": "external_userid", "sms": "phone", "phone": "phone", "email": "email"}.get(channel, "openid")
    return any(
        row["identity_type"] == wanted
        and (wanted != "openid" or row["namespace"].split("_2")[0].replace("shop-2", "official_account") == channel)
        for row in identities
    )


def _messages(rows: list[Row]) -> list[tuple[date, str]]:
    """Day and channel of each message that did not fail."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["touch_id"], []).append(row)
    return [
        (min(day(row["occurred_at"]) for row in states), states[0]["channel"])
        for states in found.values()
        if all(row["state"] != "failed" for row in states)
    ]
