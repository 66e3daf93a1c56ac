"""What would happen if it were launched now: from the audience through every gate to what is sent, on each channel; who is held out, what platforms and the house let through, what it costs, and what earlier ones brought."""

from collections.abc import Iterator
from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import charts, i18n, markdown
from dashboard.data import campaign_runs, campaigns
from dashboard.data.campaign_runs import Ahead, Checked, Wallet, Waterfall
from dashboard.data.campaigns import Found
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import behind, heading
from dashboard.widgets.campaigns import preflight_chart, told, words
from dashboard.widgets.tiles import Tile, lines, wall


def show(found: Found) -> None:
    with st.container(border=True, key="card_campaign_preflight"):
        title = heading.section(t("campaign.preflight"), t("campaign.preflight_lead"), "preflight")
        try:
            view = campaign_runs.check(found.campaign_id)
        except Refusal as refusal:
            st.html(title)
            st.error(markdown.escaped(i18n.refusal(refusal)))
            return
        if view is None:
            st.html(title + heading.line(t("campaign.preflight_not_yet")))
            return
        behind.head("campaign_preflight", title, view, _contract(found, view), lambda: i18n.aside(found.name, found.code))  # fmt: skip
        st.html(_tiles(found, view))
        _notes(found, view)
        for flow in view.found.flows:
            _flow(found, view, flow)
        for wallet in view.found.wallets:
            _wallet(wallet)
        if not behind.link(told.WHO):
            st.html(behind.forbidden(None))


def _contract(found: Found, view: Checked) -> list[str]:
    names = ["audience", *dict.fromkeys(one.name for flow in view.found.flows for one in flow.gates)]
    gates = [i18n.explained(f"**{told.gate(one)}**", t(f"campaign.gate_{one}_means")) for one in names]
    return [t("campaign.preflight_means"), *gates, t("campaign.cost_means"), t("campaign.expected_means", days=found.body.window_days)]  # fmt: skip


def _tiles(found: Found, view: Checked) -> str:
    ahead = view.found
    likely = t("campaign.likely", count=i18n.number(ahead.likely)) if ahead.likely != ahead.will_send else ""
    tiles = [
        Tile("audience", t("campaign.audience"), i18n.number(ahead.audience), meaning=t("campaign.gate_audience_means")),
        Tile("will_send", t("campaign.will_send"), i18n.number(ahead.will_send), meaning=t("campaign.will_send_means"), below=lines(likely)),
        Tile("holdout", t("campaign.held_out"), i18n.number(ahead.holdout), meaning=t("campaign.gate_holdout_means"), below=lines(_held(found))),
        Tile("cost", t("campaign.cost"), i18n.money(ahead.cost_minor, view.currency), meaning=t("campaign.cost_means"), below=lines(_budget(found, view))),
        _expected(found, view),
    ]  # fmt: skip
    return wall(tiles, 190)


def _held(found: Found) -> str:
    return "" if found.body.is_placed else t("campaign.held_share", share=i18n.share(found.body.holdout))


def _budget(found: Found, view: Checked) -> str:
    budget = found.body.budget_minor
    return "" if budget is None else t("campaign.budget_of", budget=i18n.money(budget, view.currency))


def _expected(found: Found, view: Checked) -> Tile:
    """What earlier ones brought; said to be none where there is none."""
    known, title = view.found.expected, t("campaign.expected")
    means = t("campaign.expected_means", days=found.body.window_days)
    if known is None:
        return Tile("expected", title, UNDEFINED, meaning=means, below=lines(t("campaign.expected_none")))
    said = t("campaign.expected_of", count=known.campaigns, low=i18n.share(known.low), high=i18n.share(known.high))
    people = t("campaign.expected_people", count=i18n.number(round(known.share * view.found.will_send)))
    return Tile("expected", title, i18n.share(known.share), meaning=means, below=lines(said, people))


def _notes(found: Found, view: Checked) -> None:
    if not view.found.audience:
        st.warning(t("campaign.nobody"), icon=":material/group_off:")
    elif not view.found.will_send:
        st.warning(t("campaign.nothing_goes"), icon=":material/block:")
    if view.found.is_profiled:
        st.info(t("campaign.profiled"), icon=":material/info:")
    if found.body.schedule.when == "best_hour":
        st.html(heading.line(t("campaign.best_hour_quiet")))


def _flow(found: Found, view: Checked, flow: Waterfall) -> None:
    name = words.channel(flow.channel)
    left, right = st.columns([2, 3], gap="large")
    sent = _sent(flow)
    kind = "waterfall_alt_placed" if flow.channel in campaigns.PLACED else "waterfall_alt"
    alt = t(f"campaign.{kind}", channel=name, entered=i18n.number(flow.entered_count), left=i18n.number(sent))
    with left:
        st.html(f"<h3>{escape(name)}</h3>{heading.line(alt)}")
        charts.show(f"preflight_{flow.channel}", view.key, lambda: preflight_chart.drawn(flow), alt=alt)
    with right:
        st.html(_table(found, flow))


def _sent(flow: Waterfall) -> int:
    """Messages that would be planned."""
    planned = [one for one in flow.gates if not isinstance(one, Ahead)]
    return planned[-1].left_count if planned else flow.entered_count


def _table(found: Found, flow: Waterfall) -> str:
    columns = [t(f"campaign.column_{one}") for one in ("gate", "lost", "left")]
    title = t("campaign.gates_of", channel=words.channel(flow.channel))
    return told.table(f"gates-{flow.channel}", title, columns, _rows(found, flow), (1, 2))


def _rows(found: Found, flow: Waterfall) -> Iterator[list[str]]:
    begins = behind.link(told.WHO) if not found.body.is_placed else None

    def count(gate: str, side: str, number: int) -> str:
        return told.figure(begins, f"ahead/{flow.channel}/{gate}/{side}", i18n.number(number), number)

    yield [_name("audience"), "", count("audience", "left", flow.entered_count)]
    for one in flow.gates:
        note = ""
        if isinstance(one, Ahead):
            until = t("campaign.waits_until", at=words.moment(one.until)) if one.until is not None else ""
            note = f"<small>{escape(until or t('campaign.foreseen'))}</small>"
        yield [_name(one.name) + note, count(one.name, "lost", one.lost_count), count(one.name, "left", one.left_count)]  # fmt: skip


def _name(gate: str) -> str:
    meaning = escape(t(f"campaign.gate_{gate}_means"))
    return f'{escape(told.gate(gate))} <i class="help" role="note" tabindex="0" aria-label="{meaning}"></i>'


def _wallet(wallet: Wallet) -> None:
    channel, counts = wallet.channel, wallet.counts
    begins = behind.link(told.WHO)
    total = sum(people for _, people in counts)
    rows = [
        [
            escape(t("campaign.wallet_left", count=i18n.number(left))),
            told.figure(begins, f"ahead/{channel}/wallet/{left}", i18n.number(people), people),
            f"{told.bars(people / total if total else None, 'bad' if not left else '')}{escape(i18n.share(people / total if total else None))}",
        ]
        for left, people in counts
    ]  # fmt: skip
    lead = t(f"campaign.wallet_{wallet.policy}")
    st.html(f"<h3>{escape(t('campaign.wallet', channel=words.channel(channel)))}</h3>{heading.line(lead)}")
    columns = [t(f"campaign.column_{one}") for one in ("wallet", "people", "share")]
    st.html(told.table(f"wallet-{channel}", lead, columns, rows, (1,)))
