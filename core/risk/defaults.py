"""The rules that the product brings: defaults of the source reports, all of which a house can change or switch off."""

from core.risk.rules import Rule

TOGETHER = ("orders", "active_members", "messages", "complaints")
"""With visits, what days as a whole are told by."""
DEFAULTS: dict[str, Rule] = {
    "visits_day": Rule("visits", "daily", 1.0, "below", quiet_days=10, likelihood=3, impact=3),
    "channel_visits_day": Rule("visits", "quiet", 1.0, "below", by="channel", quiet_days=10, likelihood=3, impact=2),
    "orders_day": Rule("orders", "daily", 1.0, "below", quiet_days=10, likelihood=3, impact=4),
    "revenue_day": Rule("gross_revenue", "quiet", 1.0, "below", quiet_days=10, likelihood=3, impact=5),
    "active_day": Rule("active_members", "daily", 1.0, "below", quiet_days=10, likelihood=3, impact=3),
    "new_day": Rule("new_members", "quiet", 1.0, "below", quiet_days=10, likelihood=3, impact=3),
    "messages_day": Rule("messages", "quiet", 1.0, "below", quiet_days=10, likelihood=3, impact=2),
    "complaints_day": Rule("complaints", "quiet", 1.0, "above", quiet_days=10, skips_holidays=False, likelihood=4, impact=4),
    "group_silent": Rule("messages", "drift", 0.5, "below", by="group", least_share=0.8, quiet_days=10, skips_holidays=False, likelihood=3, impact=2),
    "group_leaving_day": Rule("members_left", "daily", 1.0, "above", by="group", quiet_days=5, skips_holidays=False, likelihood=3, impact=2),
    "group_leaving": Rule("group_leave_share", "threshold", 0.1, "above", by="group", quiet_days=14, likelihood=4, impact=2),
    "growth_low": Rule("member_growth", "threshold", 0.03, "below", least_days=3, clear=0.05, quiet_days=7, likelihood=4, impact=3),
    "growth_drop": Rule("member_growth", "relative", 0.2, "below", window_days=90, least_days=3, clear=0.1, quiet_days=7, likelihood=3, impact=3),
    "loss_high": Rule("member_loss", "threshold", 0.05, "above", least_days=3, likelihood=4, impact=4),
    "interaction_low": Rule("interaction_rate", "threshold", 0.15, "below", least_days=3, clear=0.18, quiet_days=7, likelihood=3, impact=2),
    "content_low": Rule("content_interaction", "threshold", 0.2, "below", change=0.0, least_days=3, quiet_days=7, likelihood=3, impact=2),
    "returns_high": Rule("returning_share", "threshold", 0.03, "above", least_days=3, quiet_days=7, likelihood=4, impact=3),
    "disputes_high": Rule("dispute_rate", "threshold", 0.02, "above", change=0.005, quiet_days=7, likelihood=4, impact=4),
    "growth_shock": Rule("visits", "forecast", 0.2, least_days=2, skips_holidays=False, likelihood=3, impact=3),
    "conversion_odd": Rule("conversion", "sigma", 2.0, window_days=28, likelihood=3, impact=2),
    "sensitive_up": Rule("sensitive_complaints", "relative", 0.5, "above", window_days=28, change=2.0, likelihood=4, impact=4),
    "promotion_high": Rule("promotion_share", "threshold", 0.5, "above", by="group", least_days=3, quiet_days=7, likelihood=2, impact=2),
    "logins_odd": Rule("logins_per_member", "sigma", 3.0, "above", window_days=28, likelihood=2, impact=3),
    "scripted": Rule("scripted_accounts", "threshold", 0, "above", likelihood=3, impact=3),
    "churn_mass": Rule("churn_mass", "relative", 0.2, "above", window_days=28, skips_holidays=False, likelihood=3, impact=4),
    "opinion": Rule("public_opinion", "threshold", 800, "above", is_inclusive=True, skips_holidays=False, likelihood=4, impact=5),
    "policy": Rule("policy_change", "threshold", 3, "above", is_inclusive=True, skips_holidays=False, likelihood=4, impact=4),
    "days_forest": Rule("visits", "forest", 4.0, others=TOGETHER, quiet_days=10, likelihood=2, impact=2),
    "days_kmeans": Rule("visits", "kmeans", 4.0, others=TOGETHER, quiet_days=10, is_on=False, likelihood=2, impact=2),
    "missing": Rule("", "missing", 1, likelihood=4, impact=2),
    "failing": Rule("", "failing", 0, likelihood=4, impact=3),
    "late": Rule("", "late", 2, likelihood=4, impact=2),
}  # fmt: skip
