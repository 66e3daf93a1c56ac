"""How the address calls the members behind a figure of the lifecycle."""

from dashboard import addresses
from dashboard.actions import guard
from dashboard.data.lifecycle import FlowName, Stage, State

PARAMETER = "who"
"""Where the address says whose people are open: ``state.dormant``, ``flow.lost``, ``move.new.dormant``, ``stage.buying``."""


def link() -> str | None:
    """What an address of people begins with, the page as it is; None for those who may not see any."""
    return f"?{addresses.beside(PARAMETER)}{PARAMETER}=" if guard.may("people.see") else None


def of_state(state: State) -> str:
    return f"state.{state.name.lower()}"


def of_flow(term: FlowName) -> str:
    return f"flow.{term}"


def of_move(before: State, now: State) -> str:
    return f"move.{before.name.lower()}.{now.name.lower()}"


def of_stage(stage: Stage) -> str:
    return f"stage.{stage.name.lower()}"
