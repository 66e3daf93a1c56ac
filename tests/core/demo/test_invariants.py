"""What can never be, whatever the seed."""

import pandas as pd

from tests.core.demo.conftest import Filled


def states(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """Time of each state, one row per thing."""
    return rows.pivot(index=key, columns="state", values="occurred_at")


def test_every_message_was_sent_and_only_a_delivered_one_is_opened_and_only_an_opened_one_clicked(
    filled: Filled,
) -> None:
    touch = states(filled.rows("touches"), "touch_id")
    assert touch.sent.notna().all()
    assert (touch.delivered > touch.sent)[touch.delivered.notna()].all()
    assert (touch.opened > touch.delivered)[touch.opened.notna()].all()
    assert (touch.clicked > touch.opened)[touch.clicked.notna()].all()
    assert (touch.converted > touch.clicked)[touch.converted.notna()].all()
    assert touch.loc[touch.failed.notna(), "delivered"].isna().all()


def test_a_failed_message_says_why_and_no_other_does(filled: Filled) -> None:
    touches = filled.rows("touches")
    assert (touches.reason.notna() == (touches.state == "failed")).all()


def test_a_redeemed_coupon_was_issued_before_and_never_expires(filled: Filled) -> None:
    coupon = states(filled.rows("offer_events"), "coupon_no")
    assert coupon.issued.notna().all()
    assert (coupon.claimed >= coupon.issued)[coupon.claimed.notna()].all()
    assert (coupon.redeemed >= coupon.claimed)[coupon.redeemed.notna()].all()
    assert coupon.claimed[coupon.redeemed.notna()].notna().all()
    assert coupon.loc[coupon.redeemed.notna(), "expired"].isna().all()


def test_a_coupon_is_redeemed_on_an_order_of_its_member_at_the_time_of_that_order(filled: Filled) -> None:
    redeemed = filled.rows("offer_events").query("state == 'redeemed'")
    first = filled.rows("order_lines").query("line_kind == 'sale'").drop_duplicates("order_no").set_index("order_no")
    order = first.loc[redeemed.order_no]
    assert (order.occurred_at.to_numpy() == redeemed.occurred_at.to_numpy()).all()
    assert redeemed.order_no.is_unique


def test_nobody_leaves_a_group_without_having_joined_it(filled: Filled) -> None:
    moves = filled.rows("group_membership").pivot(
        index=["identity_key", "group_id"], columns="change", values="occurred_at"
    )
    assert moves["join"].notna().all()
    assert (moves["leave"] > moves["join"])[moves.leave.notna()].all()


def test_only_members_of_a_group_write_in_it(filled: Filled) -> None:
    moves = filled.rows("group_membership").pivot(
        index=["identity_key", "group_id"], columns="change", values="occurred_at"
    )
    said = filled.rows("group_messages").query("sender_kind == 'member'").join(moves, on=["identity_key", "group_id"])
    assert (said.occurred_at > said["join"]).all()
    assert (said.leave.isna() | (said.occurred_at < said.leave)).all()


def test_staff_and_bots_are_no_customers(filled: Filled) -> None:
    messages = filled.rows("group_messages")
    assert (messages.identity_key.isna() == (messages.sender_kind != "member")).all()
    assert (messages.staff_id.notna() == (messages.sender_kind == "staff")).all()


def test_an_answer_comes_after_the_question_it_answers_in_the_same_group(filled: Filled) -> None:
    messages = filled.rows("group_messages").set_index("message_id")
    answers = messages[messages.reply_to.notna()]
    questions = messages.loc[answers.reply_to]
    assert len(answers) > 50
    assert (answers.occurred_at.to_numpy() > questions.occurred_at.to_numpy()).all()
    assert (answers.group_id.to_numpy() == questions.group_id.to_numpy()).all()


def test_a_refund_takes_back_a_line_of_its_order_and_never_more_than_was_paid(filled: Filled) -> None:
    lines = filled.rows("order_lines")
    by_kind = lines.pivot_table(
        index="order_no", columns="line_kind", values="amount_minor", aggfunc="sum", fill_value=0
    )
    assert (by_kind.sale > 0).all()
    assert (by_kind.refund <= 0).all()
    assert (by_kind.sale + by_kind.refund >= 0).all()
    when = lines.pivot_table(index="order_no", columns="line_kind", values="occurred_at", aggfunc="min").dropna()
    assert len(when) > 0
    assert (when.refund > when.sale).all()


def test_a_line_is_quantity_times_price_and_refunds_are_negative(filled: Filled) -> None:
    lines = filled.rows("order_lines")
    assert (lines.quantity * lines.unit_price * 100 == lines.amount_minor).all()
    assert ((lines.amount_minor < 0) == (lines.line_kind == "refund")).all()


def test_the_one_who_is_brought_joins_after_the_one_who_brought(filled: Filled) -> None:
    joined = filled.rows("member_profiles").drop_duplicates("member").set_index("member").joined_at
    referrals = filled.rows("referrals")
    of = filled.members.member_id
    by, who = joined.reindex(of.loc[referrals.identity_key]), joined.reindex(of.loc[referrals.referred_key])
    assert len(referrals) > 20
    assert (by.to_numpy() <= who.to_numpy()).mean() > 0.98, "a couple that shares a phone counts as one member"


def test_a_conversation_is_answered_before_it_is_solved(filled: Filled) -> None:
    talks = filled.rows("service_conversations")
    assert (talks.first_reply_at > talks.occurred_at)[talks.first_reply_at.notna()].all()
    assert (talks.resolved_at > talks.first_reply_at)[talks.resolved_at.notna()].all()
    assert talks.first_reply_at[talks.resolved_at.notna()].notna().all()


def test_scores_stay_on_their_scales(filled: Filled) -> None:
    feedback = filled.rows("feedback")
    ranges = feedback.dropna(subset="score").groupby("feedback_kind").score.agg(["min", "max"])
    assert ranges.loc["nps", "min"] >= 0 and ranges.loc["nps", "max"] <= 10
    assert (ranges.drop("nps")["min"] >= 1).all() and (ranges.drop("nps")["max"] <= 5).all()


def test_an_order_from_the_shop_follows_a_look_a_basket_and_a_checkout_of_the_same_member(filled: Filled) -> None:
    online = filled.rows("order_lines").query("line_kind == 'sale' and channel != 'store'").drop_duplicates("order_no")
    online = online[online.product_id != "P010"]
    events = filled.rows("events")
    for step in ("product_view", "add_to_cart", "checkout"):
        times = events[events.name == step].groupby("member").occurred_at.apply(list)
        for order in online.sample(min(60, len(online)), random_state=1).itertuples():
            assert any(at <= order.occurred_at for at in times.get(order.member, [])), (step, order.order_no)
