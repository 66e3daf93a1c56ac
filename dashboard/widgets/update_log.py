"""The update log: every import with its counts and the lake version it made; look into one, take one back."""

import pyarrow as pa
import streamlit as st

from core.scope import SYSTEM
from dashboard import markdown
from dashboard.actions import guard
from dashboard.actions import sources as actions
from dashboard.data import sources as data
from dashboard.data.sources import Batch
from dashboard.i18n import moment, number, t
from dashboard.widgets import importing, mapping_editor, quality
from dashboard.widgets.evidence import reason_form

ROWS = 20


def show() -> None:
    total = data.count()
    with st.container(border=True, key="card_log"):
        if not total:
            st.subheader(t("sources.no_imports"), anchor=False)
            st.write(t("sources.no_imports_lead"))
            return
        st.caption(t("sources.log_lead"))
        page = st.pagination(-(-total // ROWS), key="log_page") if total > ROWS else 1
        batches = data.history(limit=ROWS, offset=(page - 1) * ROWS)
        zone = data.zone()
        event = st.dataframe(
            _table(batches, zone), hide_index=True, key="log_table", on_select="rerun",
            selection_mode="single-row", height="content", alt=t("sources.tab_log"),
            column_config={t(f"sources.{name}"): st.column_config.NumberColumn(format="localized") for name in COUNTS},
        )  # fmt: skip
        first = (page - 1) * ROWS + 1
        if total > ROWS:
            st.caption(
                t("accounts.rows", first=number(first), last=number(first + len(batches) - 1), total=number(total))
            )
        picked = [row for row in event.selection.rows if row < len(batches)]
        labels = {batch.id: f"{batch.id} · {_file(batch)}" for batch in batches}
        chosen = st.selectbox(
            t("sources.open_batch"), list(labels), picked[0] if picked else 0, format_func=labels.get,
            key=f"batch_{picked[0] if picked else '-'}_{batches[0].id}", width=420,
        )  # fmt: skip
        _detail(next(batch for batch in batches if batch.id == chosen))


COUNTS = ("read", "accepted", "duplicate", "rejected")


def _table(batches: list[Batch], zone: str) -> pa.Table:
    """What a failed batch has none of stays empty."""
    return pa.Table.from_pylist([_row(batch, zone) for batch in batches])


def _row(batch: Batch, zone: str) -> dict[str, object]:
    is_counted = batch.state in ("committed", "rolled_back")
    counts = {t(f"sources.{name}"): getattr(batch, f"{name}_count") if is_counted else None for name in COUNTS}
    return {
        t("sources.batch"): batch.id,
        t("sources.when"): moment(batch.finished_at or batch.started_at or batch.created_at, zone),
        t("sources.state"): t(f"sources.state_{batch.state}"),
        t("sources.file"): _file(batch),
        t("sources.grain_short"): mapping_editor.grain(batch.table_name, short=True),
        t("sources.source"): batch.source,
        **counts,
        t("sources.version"): batch.lake_version,
        t("sources.who"): t("role.system") if batch.actor == SYSTEM.name else batch.actor,
    }


def _file(batch: Batch) -> str:
    return batch.file_name or mapping_editor.grain(batch.table_name)


def _detail(batch: Batch) -> None:
    with st.container(key="batch_detail"):
        facts = t(
            "sources.batch_facts", mapping=markdown.escaped(batch.mapping_name or t("sources.guess")), batch=batch.id
        )
        st.markdown(f"**{markdown.escaped(_file(batch))}** · {t(f'sources.state_{batch.state}')} · {facts}")
        if batch.state in ("failed", "cancelled"):
            st.write(importing.trouble(batch))
        if batch.state != "committed":
            return
        importing.counted(batch, "log")
        found = [one for one in data.findings(batch.id) if one.check != "rejected"]
        for finding in found:
            st.markdown(quality.line(finding))
        importing.rejected(batch)
        if guard.may("sources.write"):
            with st.popover(t("sources.roll_back"), icon=":material/undo:", key="pop_rollback"):
                reason_form(
                    "rollback", t("sources.roll_back_yes"), actions.roll_back, args=(batch.id,),
                    lead=t("sources.roll_back_lead", rows=number(batch.accepted_count)),
                )  # fmt: skip
