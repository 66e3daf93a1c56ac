"""Clusters: groups of members that are alike, how they differ, and the way to the people of each."""

from functools import partial
from typing import Any

import streamlit as st

from core.errors import InvalidClusters
from dashboard import addresses, charts, i18n, markdown
from dashboard.actions import clusters as actions
from dashboard.actions import guard
from dashboard.data import clusters, saved_segments
from dashboard.data.clusters import ALL, KS, SMALL, Answer, Clusters, Filters, Row
from dashboard.i18n import t
from dashboard.widgets import behind, choice, heading, tables, tiles
from dashboard.widgets.behind import Behind
from dashboard.widgets.choice import Choice
from dashboard.widgets.parts import Asked
from dashboard.widgets.segments import links
from dashboard.widgets.tiles import Tile, Way
from dashboard.widgets.value import clusters_chart
from dashboard.widgets.value import clusters_words as words

K, FIT = "cl_k", "cl_fit"
"""Where the address says how many clusters, and whose they are."""
KEYS = (K, FIT)
HOUSE, OWN = "house", "own"
WIDTH = 195


def show(asked: Asked) -> None:
    newest = i18n.day(asked.known.as_of_on)
    asked = asked.over(t("told.last_days", days=clusters.WINDOW_DAYS, on=newest))
    k = choice.read(K, (HOUSE, *map(str, KS)))
    fit = choice.read(FIT, (HOUSE, OWN))
    is_own = fit == OWN and asked.filters.cuts_members
    own = clusters.Asked(None if k == HOUSE else int(k), is_own)
    try:
        answer = clusters.found(asked.filters, own)
    except InvalidClusters as error:
        heading.empty(t("clusters.refused"), i18n.refusal(error))
        _choices(asked.filters, None, k, fit)
        return
    if answer is None:
        heading.empty(t("clusters.nobody"), t("clusters.nobody_lead"))
        return
    found = answer.found
    with st.container(border=True, key="card_clusters"):
        _head(answer, asked)
        _choices(asked.filters, found, k, fit)
        st.html(_wall(answer, asked.filters))
        _foot(found)
    with st.container(border=True, key="card_cluster_profiles"):
        st.html(heading.section(t("clusters.differ"), t("clusters.differ_lead", small=SMALL), "cluster-profiles"))
        key = f"{answer.key}|{found.kept.on}"
        charts.show("cluster_profiles", key, lambda: clusters_chart.profiles(answer), alt=t("clusters.differ_alt"))
        _table(answer)
    with st.container(border=True, key="card_cluster_ks"):
        st.html(heading.section(t("clusters.many"), _many(found), "cluster-ks"))
        charts.show("cluster_ks", key, lambda: clusters_chart.silhouettes(found), alt=t("clusters.many_alt"))
    with st.container(border=True, key="card_cluster_plane"):
        lead = t("clusters.plane_lead", drawn=i18n.number(len(found.points)), share=i18n.share(sum(found.explained), 0))
        st.html(heading.section(t("clusters.plane"), lead, "cluster-plane"))
        charts.show("cluster_plane", key, lambda: clusters_chart.plane(found), alt=t("clusters.plane_alt"))
    behind.open_asked(lambda text: _behind(asked, answer, text), asked.in_words)


# -- what is shown -----------------------------------------------------------------------------------------------------


def _head(answer: Answer[Clusters], asked: Asked) -> None:
    found = answer.found
    total = answer.rows("total")[0]
    lead = t(
        "clusters.lead",
        k=found.model.k,
        members=i18n.number(total["members"]),
        features=len(found.features),
        on=i18n.day(found.as_of_on),
    )
    title = heading.section(t("clusters.title"), lead, "clusters")
    lines = [
        t("clusters.rule_features", days=clusters.WINDOW_DAYS),
        *words.meanings(answer),
        t("clusters.rule_scaling", most=i18n.number(clusters.MOST_DEVIATIONS)),
        t(
            "clusters.rule_fit",
            tried=i18n.number(found.model.sampled),
            starts=clusters.STARTS,
            looked_at=i18n.number(found.model.looked_at),
        ),
        t("clusters.rule_usual", tie=i18n.number(clusters.tie(found.model.looked_at), 2), least=clusters.USUAL_FROM),
        t("clusters.rule_labels"),
        t("clusters.rule_names", least=i18n.number(clusters.TELLING, 1)),
        t("clusters.rule_few", small=SMALL),
        t("clusters.rule_filters"),
    ]
    if found.alike:
        lines.append(t("clusters.alike", names=i18n.listed(t(f"clusters.feature_{one}") for one in found.alike)))
    behind.head("clusters", title, answer, lines, asked.in_words)


def _choices(filters: Filters, found: Clusters | None, k: str, fit: str) -> None:
    kept = None if found is None else found.kept.model.k
    usual = t("clusters.k_house") if kept is None else t("clusters.k_house_is", k=kept)
    chosen = [Choice(K, t("clusters.k"), {HOUSE: usual} | {str(one): str(one) for one in KS}, k, t("clusters.k_help"))]
    if filters.cuts_members:
        chosen.append(choice.among(FIT, "clusters.fit", (HOUSE, OWN), fit))
    st.html(choice.fields(chosen, addresses.beside(K, FIT, behind.PARAMETER) + _given(k, fit)))


def _given(k: str, fit: str) -> str:
    """Both choices, so that a link of one leaves the other as it is."""
    return f"{K}={k}&{FIT}={fit}&"


def _wall(answer: Answer[Clusters], filters: Filters) -> str:
    begins = behind.link()
    shown = [_tile(answer, row, begins, filters) for row in answer.rows()]
    return tiles.wall(shown, WIDTH) + behind.forbidden(begins)


def _tile(answer: Answer[Clusters], row: Row, begins: str | None, filters: Filters) -> Tile:
    found, label = answer.found, row["key"]
    ways = [*behind.way(begins, label, t("clusters.way"), row["members"])]
    address = links.offered({"cluster": [label]}, filters) if found.is_house and row["members"] else None
    if address is not None:
        ways.append(
            Way(t("clusters.to_segment"), address, "keep", t("clusters.to_segment_help")).html(f"segment-{label}")
        )
    sold = t(
        "clusters.sold",
        revenue=i18n.compact_money(row["revenue_minor"], answer.currency),
        share=i18n.share(row["revenue_share"]),
    )
    has_sold = "mean_net_minor" in row
    told = t("clusters.few", small=SMALL) if 0 < row["members"] < SMALL else sold if has_sold else ""
    return Tile(
        f"cluster-{label}", words.numbered(found, label), i18n.number(row["members"]), i18n.share(row["share"]), _meaning(answer, row),
        tiles.lines(told), tuple(ways),
    )  # fmt: skip


def _meaning(answer: Answer[Clusters], row: Row) -> str:
    """What is most telling of it, with its figures."""
    told = [_telling(answer, row, *trait) for trait in answer.found.traits[row["key"]]]
    return t("clusters.and").join(one for one in told if one)


def _telling(answer: Answer[Clusters], row: Row, feature: str, level: str) -> str:
    if level == "none":
        lack = row[f"lack_{feature}"]
        return "" if lack is None else t(f"clusters.lack_{feature}", share=i18n.share(lack))
    if row[f"away_{feature}"] is None:
        return ""
    return t(
        "clusters.telling",
        feature=t(f"clusters.feature_{feature}"),
        mean=words.written(feature, row[f"mean_{feature}"], answer.currency),
        away=words.away(row[f"away_{feature}"]),
    )


def _foot(found: Clusters) -> None:
    kept = found.kept
    if not found.is_house:
        st.html(heading.line(t("clusters.not_house")))
        if actions.may() and not found.asked.is_own:
            _keeping(found)
        return
    by = t("clusters.chosen_by", name=kept.chosen_by) if kept.chosen_by else t("clusters.chosen_usual")
    steady = (
        t("clusters.first_fit", on=i18n.day(kept.on))
        if kept.model.stability is None
        else t("clusters.steady", on=i18n.day(kept.on), rand=i18n.number(kept.model.stability, 2))
    )
    st.html(heading.line(f"{by}{t('number.then')}{steady}"))
    if actions.may():
        _renaming(found)


def _many(found: Clusters) -> str:
    width = i18n.number(found.model.silhouettes.get(found.model.k), 2)
    told = t("clusters.many_lead", k=found.model.k, width=width, best=found.model.best)
    return told if found.model.k == found.model.best else f"{told} {t('clusters.many_other', best=found.model.best)}"


def _table(answer: Answer[Clusters]) -> None:
    found = answer.found
    rows = [*answer.rows(), *answer.rows("total")]
    names = [*found.features, *found.alike]

    def columns() -> dict[str, list[str]]:
        told = {
            t("clusters.column"): [_row_name(found, row) for row in rows],
            t("clusters.members"): [i18n.number(row["members"]) for row in rows],
            t("clusters.share"): [i18n.share(row["share"]) for row in rows],
            t("clusters.revenue_share"): [i18n.share(row["revenue_share"]) for row in rows],
        }
        for one in names:
            told[t(f"clusters.feature_{one}")] = [_cell(one, row, answer.currency) for row in rows]
        return told

    config: dict[str, Any] = {t("clusters.column"): st.column_config.TextColumn(pinned=True, width="medium")}
    for title in (t("clusters.members"), t("clusters.share"), t("clusters.revenue_share")):
        config[title] = st.column_config.TextColumn(alignment="right")
    for one in names:
        config[t(f"clusters.feature_{one}")] = st.column_config.TextColumn(
            help=t(f"clusters.means_{one}"), alignment="right"
        )
    st.caption(t("clusters.table_lead"))
    st.dataframe(
        tables.written("clusters", f"{answer.key}|{found.kept.on}", columns), hide_index=True, column_config=config, key="clusters_table",
        alt=t("clusters.table"),
    )  # fmt: skip


def _row_name(found: Clusters, row: Row) -> str:
    return t("clusters.everybody") if row["key"] == ALL else words.numbered(found, row["key"])


def _cell(feature: str, row: Row, currency: str) -> str:
    """Mean and median."""
    mean, median = row[f"mean_{feature}"], row[f"median_{feature}"]
    if mean is None:
        return i18n.UNDEFINED
    return f"{words.written(feature, mean, currency)} / {words.written(feature, median, currency)}"


# -- what is done ------------------------------------------------------------------------------------------------------


def _keeping(found: Clusters) -> None:
    """Before everybody's clusters change: which of them end, and whose conditions stand on them."""
    k = found.model.k
    box = st.popover(t("clusters.keep", k=k), icon=":material/keep:", key="cluster_keep", on_change="rerun")
    if not box.open:
        return
    with box:
        ending = [one for one in found.kept.model.labels if one not in found.model.labels]
        ends = t("clusters.keep_ends", labels=i18n.listed(ending)) if ending else t("clusters.keep_all_go_on")
        st.write(f"{t('clusters.keep_means')} {ends}")
        if used := saved_segments.standing_on_clusters():
            st.write(t("clusters.keep_used", names=markdown.escaped(i18n.listed(used))))
        st.button(t("clusters.keep_do"), type="primary", key="cluster_keep_do", on_click=_keep, args=(k,))


@guard.guarded("segment.write")
def _keep(k: int) -> None:
    actions.keep(k)
    choice.choose(K, HOUSE)
    guard.note(t("clusters.kept", k=k))


def _renaming(found: Clusters) -> None:
    box = st.popover(
        t("clusters.rename"), icon=":material/edit:", type="tertiary", key="cluster_rename", on_change="rerun"
    )
    if not box.open:
        return
    with box, st.form("cluster_rename_form", border=False):
        st.selectbox(
            t("clusters.rename_which"), list(found.model.labels), format_func=partial(words.numbered, found), key="cluster_label"
        )  # fmt: skip
        st.text_input(
            t("clusters.rename_name"),
            max_chars=actions.LONGEST_NAME,
            key="cluster_name",
            help=t("clusters.rename_help"),
        )
        st.form_submit_button(t("clusters.rename_save"), type="primary", on_click=_rename)


@guard.guarded("segment.write")
def _rename() -> None:
    label, name = st.session_state["cluster_label"], st.session_state["cluster_name"]
    actions.rename(label, name)
    guard.note(t("clusters.renamed", label=label))


def _behind(asked: Asked, answer: Answer[Clusters], text: str) -> Behind | None:
    row = next((one for one in answer.rows() if one["key"] == text), None)
    if row is None or not row["members"]:
        return None
    found = answer.found
    meaning = t("clusters.people_meaning", days=clusters.WINDOW_DAYS)
    read = partial(clusters.people_of, asked.filters, found.asked, text, row["members"])
    return Behind(words.numbered(found, text), meaning, read)
