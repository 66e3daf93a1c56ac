"""Orders of a member with their lines and refunds; their sum is the figure of RFM."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import i18n
from dashboard.data.member import Member, Order, View
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.member import table, words
from dashboard.widgets.member.words import Row

SHOWN = 60
"""Orders that are listed; the sum is of all."""


def show(view: View) -> None:
    member, bought = view.member, view.member.bought
    if not member.orders:
        st.html(heading.section(t("member.orders_none"), t("member.orders_none_lead")))
        return
    money = {name: i18n.money(value, member.currency) for name, value in _sums(member).items()}
    parts = [heading.line(t("member.orders_lead", orders=i18n.number(bought.orders), **money))]
    parts += [_order(member, order) for order in member.orders[:SHOWN]]
    if len(member.orders) > SHOWN:
        parts.append(heading.line(t("member.shown", shown=i18n.number(SHOWN), count=i18n.number(len(member.orders)))))
    loose = [line for line in member.loose_lines if line["line_kind"] == "refund"]
    if loose:
        parts.append(f"<h3>{escape(t('member.loose'))}</h3>{_lines(member, loose)}")
    st.html(f'<div class="orders">{"".join(parts)}</div>')


def _sums(member: Member) -> dict[str, int]:
    bought = member.bought
    return {"gross": bought.gross_minor, "refund": -bought.refund_minor, "net": bought.net_minor}


def _order(member: Member, order: Order) -> str:
    where = [
        words.channel(order.channel) if order.channel else "",
        words.called(member, "unit_id", order.unit_id) if order.unit_id else "",
    ]
    quiet = " · ".join(part for part in (t("member.order_no", number=order.order_no), *where) if part)
    amount = i18n.money(order.gross_minor, member.currency)
    back = f" <em>{escape(i18n.money(order.refund_minor, member.currency))}</em>" if order.refund_minor else ""
    head = f"<b>{escape(words.moment(order.at))}</b> <span>{escape(amount)}</span>{back} <small>{escape(quiet)}</small>"
    return f"<details><summary>{head}</summary>{_lines(member, (*order.lines, *order.refunds))}</details>"


def _lines(member: Member, lines: Sequence[Row]) -> str:
    titles = [t(f"member.{name}") for name in ("line", "quantity", "price", "amount", "when")]
    rows = [
        (
            line["product_name"]
            or (words.called(member, "product_id", line["product_id"]) if line["product_id"] else UNDEFINED),
            words.score(line["quantity"]),
            i18n.number(line["unit_price"], 2),
            i18n.money(line["amount_minor"], member.currency),
            words.moment(line["occurred_at"]),
        )
        for line in lines
    ]
    return table.html(titles, rows, numbers=(1, 2, 3))
