"""Consents, accounts of points and planted kinds of members."""

import numpy as np

from core.models import clusters as model
from core.work.questions import clusters
from core.work.questions.reading import reading
from tests.core.demo.conftest import Filled


def rand_of_kinds(filled: Filled) -> tuple[float, int]:
    """K-means with one cluster per kind against what is planted."""
    kinds = filled.truths["clusters"]["kinds"]
    planted = {filled.members.member_id[key]: place for place, keys in enumerate(kinds.values()) for key in keys}
    with reading(filled.home) as opened:
        found = clusters.features(opened)
    assert found is not None
    them = found.of(np.isin(found.member, list(planted)))
    fitted = model.fit(them.member, them.raw, k=len(kinds))
    return model.rand(fitted.assigned(them.raw), np.array([planted[one] for one in them.member])), len(them.member)


def test_k_means_finds_the_planted_kinds(filled: Filled) -> None:
    found, members = rand_of_kinds(filled)
    assert members >= 30 and found > 0.8


def test_readers_never_buy_and_givers_of_one_gift_once(filled: Filled) -> None:
    orders = filled.rows("order_lines").drop_duplicates("order_no").groupby("member").size()
    kinds = filled.truths["clusters"]["kinds"]
    bought = {name: orders.reindex(filled.members.member_id.loc[keys]).fillna(0) for name, keys in kinds.items()}
    assert (bought["reader"] == 0).all() and (bought["gift"] == 1).all()
    assert (bought["bargain"] >= 6).all() and (bought["large"] >= 4).all()


def test_nobody_withdraws_what_was_never_given(filled: Filled) -> None:
    told = filled.rows("consents")
    given = told[told.state == "given"].groupby(["member", "purpose", "channel"], dropna=False).occurred_at.min()
    gone = told[told.state == "withdrawn"].groupby(["member", "purpose", "channel"], dropna=False).occurred_at.max()
    assert len(gone) > 10
    assert (given.reindex(gone.index) < gone).all()


def test_most_gave_consent_on_some_channel_and_some_were_never_asked(filled: Filled) -> None:
    told = filled.rows("consents")
    marketing = told[(told.purpose == "marketing") & (told.state == "given")].member.nunique()
    persons = filled.truths["one_id"]["persons"]
    assert 0.6 < marketing / persons < 0.95
    assert 0.05 < 1 - told.member.nunique() / persons < 0.2
    assert (told[told.purpose != "marketing"].channel.isna()).all()


def test_an_account_of_points_adds_up_and_is_never_overdrawn(filled: Filled) -> None:
    entries = filled.rows("points").sort_values(["occurred_at", "row_number"])
    assert (entries.points[entries.kind == "earned"] > 0).all() and (entries.points[entries.kind != "earned"] < 0).all()
    assert {"earned", "spent", "expired", "adjusted"} == set(entries.kind)
    assert (entries.groupby("identity_key").points.sum() >= 0).mean() > 0.9
    assert (entries.groupby("member").points.sum() >= 0).all()
    assert (entries.expires_at.notna() == (entries.kind == "earned")).all()


def test_points_are_earned_by_orders_one_for_each_unit_of_money(filled: Filled) -> None:
    sales = filled.rows("order_lines").query("line_kind == 'sale'").groupby("order_no").amount_minor.sum()
    earned = filled.rows("points").query("kind == 'earned'")
    assert (sales.loc[earned.order_no].to_numpy() // 100 == earned.points.to_numpy()).all()
    known = filled.rows("order_lines").query("line_kind == 'sale'").dropna(subset="identity_key")
    assert set(known.order_no) - set(earned.order_no) == set(sales.index[sales < 100]) & set(known.order_no)
