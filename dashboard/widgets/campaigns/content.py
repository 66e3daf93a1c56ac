"""Step 3: the words. Variants beside each other, on each channel the fields that it has, how a member reads them, and what stands against them."""

from copy import deepcopy
from functools import partial
from typing import Any

import streamlit as st

from dashboard import addresses, i18n
from dashboard.data import campaigns
from dashboard.data.campaigns import Variant
from dashboard.i18n import t
from dashboard.widgets import choice, heading
from dashboard.widgets.campaigns import edits, fields, findings, lacking, texts, words
from dashboard.widgets.campaigns.edits import Form
from dashboard.widgets.choice import Choice

NAMES = "ABCDEFGHIJ"
LONGEST_NAME, HEAVIEST = 20, 1000
POLICIES = ("default", "skip")


def show(form: Form) -> None:
    body = form.found.body
    with st.container(border=True, key="card_campaign_content"):
        st.html(heading.section(t("campaigns.step_content"), t("campaigns.lead_content")))
        lacking.show(form, "content")
        if not body.channels:
            address = words.link(form.campaign_id, "audience")
            st.html(f'<p class="lead"><a href="{address}">{t("campaigns.channels_first")}</a></p>')
            return
        labels = fields.options(POLICIES, lambda one: t(f"campaigns.missing_{one}"))
        captions = [t(f"campaigns.missing_{one}_means") for one in POLICIES]
        fields.radio(form, ("missing",), t("campaigns.of_missing"), labels, captions=captions)
        at = _variants(form)
        _variant(form, at)
    for channel in body.channels:
        texts.show(form, at, channel)
    findings.show(form)


def _variants(form: Form) -> int:
    """Which one is looked at, from 0."""
    variants = form.found.body.variants
    numbers = tuple(str(number) for number in range(1, len(variants) + 1))
    chosen = choice.read(words.VARIANT, numbers)
    total = sum(one.weight for one in variants)
    labels = {number: _label(one, total) for number, one in zip(numbers, variants, strict=True)}
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="campaign_variants"):
        st.html(
            choice.row(Choice(words.VARIANT, t("campaigns.variants"), labels, chosen), addresses.beside(words.VARIANT)),
            width="content",
        )
        if form.is_open:
            at = int(chosen) - 1
            is_full = len(variants) >= campaigns.MOST_VARIANTS
            _deed(form, "variant_add", ":material/add:", _add, disabled=is_full)
            _deed(form, "variant_copy", ":material/content_copy:", partial(_copy, at), disabled=is_full)
            _deed(form, "variant_remove", ":material/delete:", partial(_remove, at), disabled=len(variants) == 1)
    return int(chosen) - 1


def _label(one: Variant, total: int) -> str:
    name = t("campaigns.variant_name", name=one.name)
    return name if total == one.weight else t("number.then").join([name, i18n.share(one.weight / total, 0)])


def _deed(form: Form, name: str, icon: str, make: edits.Change, *, disabled: bool) -> None:
    st.button(
        t(f"campaigns.{name}"), icon=icon, key=f"cp_{name}", type="tertiary", disabled=disabled, on_click=edits.change, args=(form.campaign_id, make)
    )  # fmt: skip


def _add(document: dict[str, Any]) -> None:
    document["variants"].append({"name": _free(document), "weight": 1, "contents": {}})
    _look(len(document["variants"]))


def _copy(at: int, document: dict[str, Any]) -> None:
    made = deepcopy(document["variants"][at])
    document["variants"].append({**made, "name": _free(document)})
    _look(len(document["variants"]))


def _remove(at: int, document: dict[str, Any]) -> None:
    del document["variants"][at]
    _look(max(1, min(at, len(document["variants"]))))


def _look(number: int) -> None:
    choice.choose(words.VARIANT, str(number))


def _free(document: dict[str, Any]) -> str:
    taken = {one["name"] for one in document["variants"]}
    return next(one for one in NAMES if one not in taken)


def _variant(form: Form, at: int) -> None:
    if len(form.found.body.variants) < 2:
        return
    left, right = st.columns(2)
    with left:
        fields.line(form, ("variants", at, "name"), t("campaigns.of_variant"), most=LONGEST_NAME)
    with right:
        fields.whole(form, ("variants", at, "weight"), t("campaigns.of_weight"), 1, HEAVIEST, help=t("campaigns.weight_help"))  # fmt: skip
