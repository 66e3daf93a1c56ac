"""Lifetime value in words: why it is refused and what would mend it, and the contract of its figures."""

from collections.abc import Callable

from dashboard import i18n
from dashboard.data.ltv import Answer, Ltv, Problem
from dashboard.i18n import t

Written = Callable[[float], str]
SHARES = ("no_dropout",)
DIGITS = {"worse_than_naive": 3, "far_off": 2, "no_mean": 2, "correlated": 2}
SOURCES = (
    "contract_model",
    "contract_amount",
    "contract_chance",
    "contract_interval",
    "contract_fit",
    "contract_scope",
    "contract_alive",
)


def problem(one: Problem) -> str:
    found, needed = (
        i18n.share(value) if one.reason in SHARES else i18n.number(value, DIGITS.get(one.reason, 0))
        for value in (one.found, one.needed)
    )
    return t(
        f"ltv.problem_{one.reason}{'_money' if one.reason == 'no_peak' and one.of_money else ''}",
        found=found,
        needed=needed,
    )


def mend(one: Problem) -> str:
    """What would have to change, or where to look instead."""
    return t(f"ltv.mend_{one.reason}")


def contract(answer: Answer[Ltv]) -> list[str]:
    found = answer.found
    lines = [t(f"ltv.{name}") for name in SOURCES]
    lines.insert(2, t("ltv.contract_net", share=i18n.share(found.kept_share)))
    if found.active is not None:
        lines.append(t("ltv.contract_active", count=i18n.number(found.active)))
    if len(found.laws):
        lines.append(t("ltv.contract_laws", laws=i18n.listed(_law(row) for row in answer.rows("laws"))))
    lines.append(t("ltv.means_simple"))
    return lines


def _law(row: dict[str, object]) -> str:
    low, high = row["low"], row["high"]
    told = f"{row['name']} = {_short(row['value'])}"
    return told if low is None or high is None else i18n.aside(told, f"{_short(low)} – {_short(high)}")


def _short(value: object) -> str:
    number = float(value)  # type: ignore[arg-type]
    return i18n.number(number, 3 if abs(number) < 10 else 1)
