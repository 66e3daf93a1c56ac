"""How days, orders and amounts are spread, and where high begins on each."""

from collections.abc import Sequence
from html import escape

from dashboard import i18n
from dashboard.data.rfm import Answer, Rfm, Row
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.value import rfm_words as words

MEASURES = ("days", "orders", "net")


def html(answer: Answer[Rfm], link: str | None) -> str:
    rows = answer.rows("spread")
    limits = words.limits(answer.found, answer.currency)
    parts = "".join(
        _one([row for row in rows if row["measure"] == measure], measure, limit, answer.currency, link)
        for measure, limit in zip(MEASURES, limits, strict=True)
    )
    legend = (
        f'<p class="rfm-legend"><i class="high"></i>{escape(t("rfm.high_side"))}<i></i>{escape(t("rfm.low_side"))}</p>'
    )
    return f'{heading.section(t("rfm.spread"), t("rfm.spread_lead"), "rfm-spread")}<div class="rfm-spread">{parts}</div>{legend}'


def _one(rows: Sequence[Row], measure: str, limit: str, currency: str, link: str | None) -> str:
    most = max((row["members"] for row in rows), default=0) or 1
    items = "".join(_bar(row, most, currency, link) for row in rows if row["members"] or row["low"] is not None)
    return f'<section><h3>{escape(t(f"rfm.spread_{measure}"))}</h3><p class="lead">{escape(limit)}</p><ol>{items}</ol></section>'


def _bar(row: Row, most: int, currency: str, link: str | None) -> str:
    name, count = words.bin_called(row, currency), i18n.number(row["members"])
    shown = escape(count)
    if link is not None and row["members"]:
        which = f"spread.{row['measure']}.{row['place']}"
        said = escape(f"{name}{t('number.then')}{t('rfm.members', count=count)}")
        shown = f'<a id="{which.replace(".", "-")}" href="{escape(link + which)}" aria-label="{said}">{shown}</a>'
    high, low = row["high_members"] / most, (row["members"] - row["high_members"]) / most
    return f'<li><span>{escape(name)}</span><p style="--high:{high:.4f};--low:{low:.4f}"><i class="high"></i><i></i></p><b>{shown}</b></li>'
