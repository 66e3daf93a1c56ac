"""What is not told: rates, means and shares of so few that they say nothing, whose counts are kept, and a period before that the data does
not reach back over."""

from collections.abc import Mapping

import pandas as pd

SMALL = 30
"""Fewer than this and a rate says nothing (product.md 4, rule of thumb)."""
CARE = {
    "answered_share": "judged", "resolution_rate": "settled", "wrong_share": "settled", "happy_share": "scored", "overtime_share": "answered",
    "mean_score": "scored",
}  # fmt: skip
COMMUNITY = {
    "speaking_rate": "members", "stickiness": "mau", "top_share": "speakers", "gini": "speakers", "reply_coverage": "questions",
}  # fmt: skip
SURVEYS = {"value": "answers", "standard_error": "answers"}
ACTIVITIES = {"participation_rate": "members"}
CONTENTS = {"interaction_rate": "readers", "ctr": "delivered", "conversion_rate": "readers"}
LIVES = {
    "follow_rate": "viewers", "click_rate": "viewers", "conversion_rate": "viewers", "return_rate": "returnable",
}  # fmt: skip
CHANNELS = {
    "retention": "was_active", "reach_rate": "addressed", "delivery_rate": "sent", "click_rate": "delivered", "conversion_rate": "delivered",
    "nps": "nps_answers", "satisfaction": "satisfaction_answers",
}  # fmt: skip
HOURS = {"share": "sent", "low": "sent", "high": "sent"}
RFM = {
    "share": "of_members", "net_share": "of_members", "aov_minor": "members", "net_per_member_minor": "members", "median_days": "members",
}  # fmt: skip
MEMBERSHIP = {
    "share": "of_members", "net_share": "of_members", "aov_minor": "buyers", "net_per_member_minor": "members", "repeat_share": "buyers",
}  # fmt: skip
FATIGUE = {
    f"{name}_{place}": f"sent_{place}" for name in ("share", "low", "high") for place in range(1, 5)
} | dict.fromkeys(("within_first", "within_last", "change"), "within_people")


def without_few(rows: pd.DataFrame, bases: Mapping[str, str]) -> pd.DataFrame:
    """Rows with each rate and its bounds undefined where the count it is of (``bases``) is below 30, of the period before by that one's
    count. What is not there stays so."""
    found = rows.copy()
    for rate, base in bases.items():
        for then in ("", "_before"):
            if base + then not in rows:
                continue
            is_few = rows[base + then].isna() | (rows[base + then].astype("Float64").fillna(0) < SMALL)
            for name in (rate + then, f"{rate}_low{then}", f"{rate}_high{then}"):
                if name in rows:
                    found[name] = rows[name].astype("Float64").mask(is_few)
    return found


def without_before(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with all figures of the period before (``…_before``) undefined."""
    names = [str(name) for name in rows if str(name).endswith("_before")]
    return rows.assign(**{name: pd.array([pd.NA] * len(rows), "Float64") for name in names})
