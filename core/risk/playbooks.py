"""What is usually done about an incident, step by step, by the kind of figure that told of it. Codes only: pages have the words.

Taken from the responses that product.md 5.12 names for each indicator. Nobody has to follow them: what a step must have before it may be left stands in
``core.risk.incidents``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.risk.incidents import STATES, State

Act = Literal[
    "hold_all",
    "hold_channel",
    "hold_campaign",
    "people",
    "recall",
    "notify",
    "staff",
    "customers",
    "authority",
    "cause",
    "quality",
]
"""What a step's button does; messages go to staff, customers or the authority; ``cause`` and ``quality`` open pages."""


@dataclass(frozen=True, slots=True)
class Step:
    """``code``: the key of its words, below ``playbook.``. ``act``: what its button does, None where only a person can do it."""

    code: str
    act: Act | None = None


_START: dict[State, tuple[Step, ...]] = {
    "detect": (Step("check_figure", "cause"), Step("check_data", "quality")),
    "assess": (Step("find_cause", "cause"), Step("count_people", "people"), Step("name_owner")),
    "communicate": (Step("tell_staff", "staff"),),
    "monitor": (Step("state_criteria"), Step("watch_figure", "cause")),
    "review": (Step("write_cause"), Step("write_lessons"), Step("plan_tasks")),
}
_OWN: dict[str, dict[State, tuple[Step, ...]]] = {
    "activity": {
        "respond": (Step("recall_people", "recall"), Step("add_interaction"), Step("ease_messages", "hold_channel")),
        "communicate": (Step("tell_staff", "staff"),),
    },
    "content": {
        "respond": (Step("take_down"), Step("rebalance_content"), Step("guide_readers")),
        "communicate": (Step("tell_staff", "staff"),),
    },
    "response": {
        "respond": (Step("stop_new_activity", "hold_campaign"), Step("review_path"), Step("people_as_segment", "people")),
        "communicate": (Step("tell_staff", "staff"),),
    },
    "compliance": {
        "respond": (Step("stop_sending", "hold_all"), Step("take_down"), Step("people_as_segment", "people"), Step("ask_counsel")),
        "communicate": (Step("tell_customers", "customers"), Step("tell_authority", "authority"), Step("tell_staff", "staff")),
    },
    "trade": {
        "respond": (Step("stop_campaign", "hold_campaign"), Step("withdraw_product"), Step("people_as_segment", "people"), Step("after_sales")),
        "communicate": (Step("tell_customers", "customers"), Step("tell_staff", "staff")),
    },
    "growth": {
        "respond": (Step("change_tactics"), Step("recall_people", "recall"), Step("promote")),
        "communicate": (Step("tell_staff", "staff"),),
    },
    "system": {
        "respond": (Step("stop_channel", "hold_channel"), Step("change_passwords"), Step("mend_source", "quality")),
        "communicate": (Step("tell_staff", "staff"), Step("tell_customers", "customers")),
    },
}  # fmt: skip
FIELDS = tuple(_OWN)
GENERAL = "general"
"""Of an incident that no figure told of."""
_GENERAL: dict[State, tuple[Step, ...]] = {
    "respond": (Step("stop_sending", "hold_all"), Step("people_as_segment", "people"))
}


def steps(field: str) -> Mapping[State, tuple[Step, ...]]:
    """By step of the incident's life, in the order of it. A field that has none of its own has the general ones."""
    own = _OWN.get(field, _GENERAL)
    whole = _START | own
    return {state: whole[state] for state in STATES if state in whole}
