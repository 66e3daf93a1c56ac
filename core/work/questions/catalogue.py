"""The metric catalogue as a page, made from the metrics' docstrings."""

from core.metrics.campaigns import FIGURES
from core.metrics.catalog import GOALS, METRICS, Metric

TITLES = {"conversion": "Conversion", "connection": "Connection", "value": "Value", "growth": "Growth"}
CAMPAIGNS = """
## Results of a campaign

Told by `python -m core ask campaign --campaign CODE`, for one campaign and not for a period.
"""
HEAD = """# Metric catalogue

Made from the docstrings of `core/metrics/` by `python -m core catalog --write docs/metrics.md`; `make check` fails when it is
stale. Periods are business days `[start, end)` in the home's zone. Money is kept in the smallest unit of the home currency and
shown in major units. Undefined is null, never 0. Rates over fewer than 30 are not shown, their counts are.
"""


def page() -> str:
    """The whole page, as Markdown."""
    parts = [HEAD]
    for goal in GOALS:
        parts.append(f"\n## {TITLES[goal]}\n")
        parts += [_entry(metric) for metric in METRICS.values() if metric.goal == goal]
    parts.append(CAMPAIGNS)
    parts += [f"\n### `{name}`\n\n{text}\n" for name, text in FIGURES.items()]
    return "".join(parts)


def _entry(metric: Metric) -> str:
    formula = metric.top.name + (f" − {metric.minus.name}" if metric.minus else "")
    if metric.bottom:
        formula = f"({formula}) ÷ {metric.bottom.name}" if metric.minus else f"{formula} ÷ {metric.bottom.name}"
    if metric.scale != 1:
        formula += f" × {metric.scale:g}"
    if metric.per_day:
        formula += ", per day"
    needs = ", ".join(f"`{table}`" for table in metric.needs)
    about = f"Parts: {formula}. Unit: {metric.unit}. Needs: {needs}. Better: {metric.better}."
    return f"\n### `{metric.name}`\n\n{metric.text}\n\n{about}\n"
