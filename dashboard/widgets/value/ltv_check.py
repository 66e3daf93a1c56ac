"""Whether to believe it: a held-out period, predicted and actual."""

from html import escape

import streamlit as st

from dashboard import charts, i18n
from dashboard.data.ltv import Answer, Ltv
from dashboard.i18n import t
from dashboard.widgets import heading
from dashboard.widgets.value import ltv_chart


def show(answer: Answer[Ltv]) -> None:
    held = answer.found.held
    assert held is not None
    lead = t("ltv.check_lead", days=held.days, customers=i18n.number(held.customers))
    st.html(heading.section(t("ltv.check"), lead, "ltv-check"))
    off = held.predicted / held.actual - 1 if held.actual else None
    words = t(
        "ltv.verdict", predicted=i18n.number(held.predicted), actual=i18n.number(held.actual), off=i18n.change(off),
        mae=i18n.number(held.mae, 3), naive=i18n.number(held.naive_mae, 3), naive_sum=i18n.number(held.naive),
    )  # fmt: skip
    st.html(f'<p id="ltv-verdict">{escape(words)}</p>')
    left, right = st.columns(2)
    with left:
        st.html(heading.line(t("ltv.by_class")))
        charts.show("ltv_classes", answer.key, lambda: ltv_chart.classes(answer.rows("classes")), alt=t("ltv.by_class"))
    with right:
        st.html(heading.line(t("ltv.by_week")))
        charts.show("ltv_weeks", answer.key, lambda: ltv_chart.weeks(answer.rows("weeks")), alt=t("ltv.by_week"))
    st.caption(t("ltv.check_caution"))
