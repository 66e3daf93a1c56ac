"""Bringing a file in: upload, understand, preview, start; then how far it is, and what came of it."""

from decimal import Decimal

import pandas as pd
import streamlit as st
from babel.units import format_unit

from core.errors import Refusal
from dashboard import i18n, markdown
from dashboard.actions import guard
from dashboard.actions import sources as actions
from dashboard.data import sources as data
from dashboard.data.sources import IMPORTABLE, Arrival, Batch, Job, Named, Preview
from dashboard.i18n import UNDEFINED, number, share, t
from dashboard.widgets import mapping_editor, rejections
from dashboard.widgets.mapping_editor import Base

TYPES = ["csv", "tsv", "txt", "log", "gz", "zip", "tar", "tgz", "xlsx", "xls", "parquet", "json", "jsonl", "ndjson"]
STAGES = ("queued", "reading", "staged", "checked", "merged", "identified", "committing", "committed", "done")
GUESS = ""
EVERY = "2s"


def has_begun() -> bool:
    """Whether a file was brought in and not started or discarded yet."""
    return actions.UPLOAD in st.session_state


def form() -> None:
    """The steps of an import; later ones appear when the earlier are done."""
    if not has_begun():
        _upload()
        return
    try:
        found = data.arrival(st.session_state[actions.UPLOAD])
    except Refusal as error:
        _refused(error)
        return
    _prepare(found)


def _upload() -> None:
    with st.container(border=True, key="card_upload"):
        st.subheader(t("sources.upload"), anchor=False)
        st.caption(t("sources.upload_lead"))
        st.file_uploader(
            t("sources.file"),
            type=TYPES,
            key=actions.uploader(),
            on_change=actions.receive,
            label_visibility="collapsed",
        )


def _refused(error: Refusal) -> None:
    with st.container(border=True, key="card_refused"):
        st.markdown(f":material/error: {markdown.escaped(i18n.refusal(error))}")
        st.button(t("sources.other_file"), key="discard", icon=":material/upload_file:", on_click=actions.discard)


def _prepare(found: Arrival) -> None:
    with st.container(border=True, key="card_mapping"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(f":material/description: {markdown.escaped(found.upload.name)}", anchor=False)
            st.button(
                t("sources.other_file"),
                key="discard",
                type="tertiary",
                icon=":material/close:",
                on_click=actions.discard,
            )
        st.caption(t("sources.file_facts", size=_size(found.size), columns=number(len(found.sample.columns))))
        base = _base(found)
        if base.guess:
            mapping_editor.notes(base.guess)
        wanted = mapping_editor.show(base, found.sample)
        body = data.as_text(wanted)
    st.session_state[actions.BODY] = body
    _preview(found, body)


def _base(found: Arrival) -> Base:
    """What the file is, and which mapping to begin with: a saved one that fits, else the guess."""
    labels = {GUESS: t("sources.guess")} | {named.name: _named(named) for named in found.fitting}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="mapping_base"):
        first = list(labels).index(found.best.name) if found.best else 0
        chosen = st.selectbox(
            t("sources.mapping"), list(labels), first, format_func=labels.get, key="mapping_chosen", width=360,
            help=t("sources.mapping_help"),
        )  # fmt: skip
        if chosen:
            named = data.chosen(chosen)
            st.text_input(
                t("sources.grain"),
                mapping_editor.grain(named.mapping.table),
                disabled=True,
                width=280,
                key=f"map_grain_{chosen}",
            )
            return Base(f"{found.upload.upload_id}_{chosen}", named.mapping, None)
        usual = data.guessed(found.upload.upload_id, None).mapping.table
        tables = {table: mapping_editor.grain(table) for table in IMPORTABLE}
        table = st.selectbox(
            t("sources.grain"), list(tables), list(tables).index(usual), format_func=tables.get, key="mapping_table", width=280,
            help=t("sources.grain_help"),
        )  # fmt: skip
    guess = data.guessed(found.upload.upload_id, table)
    return Base(f"{found.upload.upload_id}_{table}", guess.mapping, guess)


def _named(named: Named) -> str:
    title = named.mapping.title
    return f"{named.name} · {title}" if title else named.name


# -- preview ---------------------------------------------------------------------------------------------------------


def _preview(found: Arrival, body: str) -> None:
    with st.container(border=True, key="card_preview"):
        st.subheader(t("sources.preview"), anchor=False)
        try:
            seen = data.previewed(found.upload.upload_id, body)
        except Refusal as error:
            st.warning(_problem(error), icon=":material/rule:")
            return
        st.markdown(
            t(
                "sources.preview_counts",
                read=number(seen.read),
                taken=number(seen.taken),
                rejected=number(seen.rejected),
            )
        )
        rejections.reasons(seen.reasons)
        if seen.unmapped:
            st.caption(t("sources.unmapped", columns=markdown.escaped(i18n.listed(seen.unmapped[:12]))))
        _rows(seen)
        _start(seen)


def _problem(error: Refusal) -> str:
    """What the mapping lacks, in the reader's words where it says what."""
    missing = str(error.details.get("missing", ""))
    if not missing:
        return markdown.escaped(i18n.refusal(error))
    if "found" in error.details:
        return t("sources.lacks_columns", columns=markdown.escaped(missing))
    names = (
        t("sources.any_identity") if one == "an identity" else mapping_editor.target(one) for one in missing.split(", ")
    )
    return t("sources.missing", columns=i18n.listed(names))


def _rows(seen: Preview) -> None:
    frame = pd.DataFrame(seen.rows)
    if frame.empty:
        return
    why = [
        rejections.words(one) if isinstance(one, str) and one else t("sources.taken")
        for one in frame.get("reasons", [])
    ]
    shown = {t("sources.row"): frame["row_number"].tolist(), t("sources.verdict"): why}
    for name in frame.columns:
        if name in ("row_number", "reasons"):
            continue
        cells = frame[name]
        if ":" in name:
            shown[mapping_editor.target(name)] = [t("sources.recognised") if one else "" for one in cells]
        elif cells.notna().any():
            shown[mapping_editor.target(name)] = [_cell(one) for one in cells]
    st.dataframe(pd.DataFrame(shown), hide_index=True, height="content", alt=t("sources.preview"))
    st.caption(t("sources.preview_utc"))


def _cell(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return "" if value is None or value is pd.NaT or (isinstance(value, float) and value != value) else str(value)


def _start(seen: Preview) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="start_row"):
        st.text_input(
            t("sources.save_as"),
            key="mapping_name",
            placeholder=t("sources.save_as_hint"),
            help=t("sources.save_as_help"),
            width=320,
        )
        st.button(
            t("sources.start"), type="primary", icon=":material/play_arrow:", key="start_import", on_click=actions.start,
            disabled=not seen.read,
        )  # fmt: skip


# -- how far, and what came of it ------------------------------------------------------------------------------------


def running() -> None:
    """Imports that wait or run; while there are some, this part looks again every two seconds."""
    jobs = data.imports()
    if jobs:
        _running([job.id for job in jobs])


@st.fragment(run_every=EVERY)
def _running(known: list[int]) -> None:
    if not guard.may("sources.see"):
        st.rerun()
    jobs = data.imports()
    if [job.id for job in jobs] != known:
        st.rerun()
    with st.container(border=True, key="card_running"):
        st.subheader(t("sources.running", count=number(len(jobs))), anchor=False)
        if not data.has_worker():
            st.warning(t("sources.no_worker"), icon=":material/power_off:")
        for job in jobs:
            _progress(job)


def _progress(job: Job) -> None:
    batch = data.live_batch(job.arguments["batch"])
    stage = (job.progress or {}).get("stage", "queued") if job.state == "running" else "queued"
    counts = {
        name: value
        for name, value in (job.progress or {}).items()
        if name in ("read", "accepted", "duplicate", "rejected")
    }
    place = STAGES.index(stage) if stage in STAGES else 0
    said = " · ".join(f"{t(f'sources.{name}')} {number(value)}" for name, value in counts.items())
    words = t("sources.step", step=place + 1, steps=len(STAGES), stage=t(f"sources.stage_{STAGES[place]}"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"job_{job.id}"):
        with st.container():
            name = markdown.escaped(batch.file_name) if batch else UNDEFINED
            st.progress(place / (len(STAGES) - 1), text=f"**{name}** · {words}{' · ' + said if said else ''}")
        if guard.may("sources.write"):
            st.button(
                t("sources.cancelling" if job.is_cancel_requested else "sources.cancel"), key=f"cancel_{job.id}",
                icon=":material/stop_circle:", disabled=job.is_cancel_requested, on_click=actions.cancel, args=(job.id,),
            )  # fmt: skip


def result() -> None:
    """What came of the import that this person started last."""
    number_of = st.session_state.get(actions.JOB)
    job = data.job(number_of) if number_of else None
    if job is None or job.state in ("queued", "running"):
        return
    batch = data.live_batch((job.progress or {}).get("batch") or job.arguments["batch"])
    if batch is None:
        return
    with st.container(border=True, key="card_result"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            icon = {"committed": "check_circle", "rolled_back": "undo"}.get(batch.state, "error")
            st.subheader(
                f":material/{icon}: {t(f'sources.result_{batch.state}', file=markdown.escaped(batch.file_name))}",
                anchor=False,
            )
            st.button(
                t("identity.close"),
                type="tertiary",
                icon=":material/close:",
                key="close_result",
                on_click=actions.forget_result,
            )
        if batch.state == "committed":
            counted(batch, "result")
            rejected(batch, in_live=True)
        elif batch.state != "rolled_back":
            st.write(trouble(batch, job))


def counted(batch: Batch, place: str) -> None:
    """``read = accepted + duplicate + rejected``: as cards, and as the equation that proves it. ``place``: where on the page."""
    values = {name: number(getattr(batch, f"{name}_count")) for name in ("read", "accepted", "duplicate", "rejected")}
    with st.grid("auto", min_column_width=120, gap="small", key=f"counts_{batch.id}_{place}"):
        for name, value in values.items():
            st.metric(t(f"sources.{name}"), value, help=t(f"sources.{name}_help"), border=True)
    st.caption(t("sources.equation", **values))


def rejected(batch: Batch, *, in_live: bool = False) -> None:
    """Rejected rows: why, and the way to mend them."""
    if not batch.rejected_count:
        return
    found = next((one for one in data.findings(batch.id) if one.check == "rejected"), None)
    if found:
        rejections.reasons(found.details.get("reasons", {}))
    st.caption(t("sources.fix_hint", share=markdown.escaped(share(batch.rejected_count / batch.read_count))))
    if guard.may("rejects.download") and data.has_rejects(batch.id, in_live=in_live):
        st.download_button(
            t("sources.download", count=number(batch.rejected_count)), actions.rejects_of(batch.id, in_live=in_live),
            f"rejects-{batch.id}.csv", "text/csv", key=f"rejects_{batch.id}_{in_live}", icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def trouble(batch: Batch, job: Job | None = None) -> str:
    """Why an import came to nothing, in the reader's words."""
    code = batch.error_code or (job.error_code if job else None) or ""
    details = batch.error_details or (job.error_details if job else None) or {}
    if batch.state == "cancelled":
        return t("error.cancelled")
    key = f"error.{code}"
    if i18n.has(key):
        return markdown.escaped(t(key).format_map(_Given(details)))
    return markdown.escaped(t("sources.failed_other", message=details.get("message", code) or UNDEFINED))


class _Given(dict[str, object]):
    """An error may carry fewer details than its text has places for."""

    def __missing__(self, key: str) -> str:
        return UNDEFINED


def _size(count: int) -> str:
    for unit, length in (("gigabyte", 1 << 30), ("megabyte", 1 << 20), ("kilobyte", 1 << 10)):
        if count >= length:
            return format_unit(
                round(count / length, 1), f"digital-{unit}", "short", locale=i18n.locale(i18n.language())
            )
    return format_unit(count, "digital-byte", "long", locale=i18n.locale(i18n.language()))
