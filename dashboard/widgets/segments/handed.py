"""导入名单: a list from elsewhere becomes a segment: whom its lines name, which name nobody, and which name somebody twice.

What was handed in stays in the session until it is saved or another list comes: neither the address nor the store sees it.
"""

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.errors import Refusal
from dashboard import i18n, markdown
from dashboard.actions import guard, lists, segments
from dashboard.actions.lists import KINDS, Columns, Matched
from dashboard.i18n import t
from dashboard.widgets import heading, missed, tiles
from dashboard.widgets.evidence import kind as identity
from dashboard.widgets.segments import saving
from dashboard.widgets.segments.trying import tried
from dashboard.widgets.tiles import Tile

WAYS = ("paste", "file")
WAY, KIND, TEXT, FILE, COLUMN, BARE, NAME = "li_way", "li_kind", "li_text", "li_file", "li_column", "li_bare", "li_name"
_FOUND, _OF, _READ, _LOOKS = "_li_found", "_li_of", "_li_read", "_li_looks"
USUAL = "phone"
"""What a list is of as long as nothing tells."""
WIDTH = 190


def show() -> None:
    if not (guard.may("segment.write") and guard.may("people.see")):
        with st.container(border=True, key="card_li"):
            st.html(heading.section(t("segments.part_import"), t("segments.import_forbidden")))
        return
    with st.container(border=True, key="card_li"):
        st.html(heading.section(t("segments.part_import"), t("segments.import_lead")))
        st.session_state.setdefault(WAY, WAYS[0])
        st.session_state.setdefault(KIND, USUAL)
        labels = {one: t(f"segments.import_{one}") for one in WAYS}
        st.segmented_control(
            t("segments.import_how"), WAYS, format_func=labels.get, required=True, key=WAY, persist_state="session", on_change=_forget
        )  # fmt: skip
        is_file = st.session_state[WAY] == "file"
        lines = _filed() if is_file else _pasted()
        st.button(
            t("segments.import_check"), type="primary", icon=":material/fact_check:", key="li_check", on_click=_check, args=(lines,),
            disabled=lines is None and is_file,
        )  # fmt: skip
    found: Matched | None = st.session_state.get(_FOUND)
    if found is not None:
        _found(found)


def _pasted() -> None:
    st.text_area(
        t("segments.import_paste"), key=TEXT, height=180, persist_state="session", placeholder=t("segments.import_paste_hint"), on_change=_forget
    )  # fmt: skip
    _look(st.session_state[TEXT].splitlines())
    _kind()


def _look(texts: Sequence[str]) -> None:
    """What they look like is chosen, until somebody chooses otherwise for them."""
    kind, state = lists.kind_of(texts), st.session_state
    if kind is not None and state.get(_LOOKS) != kind:
        state[KIND] = kind
    state[_LOOKS] = kind


def _kind() -> None:
    called = {one: t("segments.import_member") if one == "member" else identity(one) for one in KINDS}
    st.selectbox(
        t("segments.import_kind"), KINDS, format_func=called.get, key=KIND, persist_state="session", width=260, on_change=_forget,
        help=t("segments.import_kind_help"),
    )  # fmt: skip


def _filed() -> tuple[list[str], list[int]] | None:
    """The texts of the chosen column and the numbers of their rows; None while there is no file that can be read."""
    file = st.file_uploader(
        t("segments.import_file"),
        type=["csv", "txt", "tsv", "xlsx", "xls", "parquet", "gz"],
        key=FILE,
        on_change=_forget,
    )
    state = st.session_state
    if file is None:
        state.pop(_READ, None)
        return None
    if state.get(_READ, ("",))[0] != file.file_id:
        try:
            state[_READ] = file.file_id, lists.columns(file.name, file.getvalue())
        except Refusal as error:
            st.html(f'<p class="fault" role="alert">{escape(i18n.refusal(error))}</p>')
            return None
        state[BARE] = state[_READ][1].is_bare
        state.pop(COLUMN, None)
    read: Columns = state[_READ][1]
    columns = read.texts
    if state.get(COLUMN) not in columns:
        state[COLUMN] = lists.best_column(columns)
    _look(columns[state[COLUMN]] or [state[COLUMN]])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="li_columns"):
        st.selectbox(t("segments.import_column"), list(columns), key=COLUMN, width=260, on_change=_forget)
        _kind()
        st.toggle(t("segments.import_bare"), key=BARE, help=t("segments.import_bare_help"), on_change=_forget)
    column, is_bare = state[COLUMN], state[BARE]
    texts, numbers = columns[column], list(read.numbers)
    texts, numbers = ([column, *texts], numbers) if is_bare else (texts, numbers[1:])
    lines = t("segments.import_lines", count=i18n.number(sum(bool(one.strip()) for one in texts)))
    if is_bare and read.is_bare:
        lines += t("segments.import_first", text=markdown.escaped(column))
    if len(read.parts) > 1:
        lines += " " + t("segments.import_part", name=markdown.escaped(read.part), count=len(read.parts))
    st.caption(lines)
    return texts, numbers


def _found(found: Matched) -> None:
    with st.container(border=True, key="card_li_found"):
        st.html(heading.section(t("segments.import_found"), t("segments.import_found_lead"), "li-found"))
        counts = {
            "lines": found.lines,
            "matched": found.matched,
            "repeated": found.repeated,
            "missed": len(found.missed),
        }
        wall = [
            Tile(
                f"li-{name}",
                t(f"segments.import_{name}_title"),
                i18n.number(count),
                meaning=t(f"segments.import_{name}_means"),
            )
            for name, count in counts.items()
        ]
        st.html(tiles.wall(wall, WIDTH))
        if found.missed:
            missed.show(found, "li_download")
        if not found.matched:
            st.html(heading.line(t("segments.import_nobody")))
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="li_saving"):
            st.text_input(
                t("segments.name"), max_chars=segments.LONGEST_NAME, key=NAME, persist_state="session", placeholder=t("segments.import_name_hint"), width=320
            )  # fmt: skip
            st.button(
                t("segments.import_save", count=i18n.number(found.matched)), type="primary", icon=":material/group_add:", key="li_save", on_click=_save,
                args=(found,),
            )  # fmt: skip


# -- changes -----------------------------------------------------------------------------------------------------------


def _forget() -> None:
    """Another list: what was found says nothing of it."""
    st.session_state.pop(_FOUND, None)


def _check(lines: tuple[list[str], list[int]] | None) -> None:
    state = st.session_state
    if lines is None:
        texts, numbers = str(state.get(TEXT, "")).splitlines(), None
        _look(texts)
    else:
        texts, numbers = lines
    found = tried(lambda: lists.match(state[KIND], texts, numbers))
    state.pop(_FOUND, None)
    if found is not None:
        state[_FOUND], state[_OF] = found, state[KIND]


def _save(found: Matched) -> None:
    state = st.session_state
    kind = state[_OF]
    called = t("segments.import_member") if kind == "member" else identity(kind)
    sentence = t("segments.import_sentence", kind=called)
    told = {"kind": "list", "of": kind, "lines": found.lines, "matched": found.matched}
    kept = tried(lambda: segments.save(state[NAME], sentence, found.members, told, found.version))
    if kept is not None:
        guard.note(t("segments.import_saved", count=i18n.number(found.matched), name=" ".join(state[NAME].split())))
        state.pop(_FOUND, None)
        state[NAME] = state[TEXT] = ""
        saving.open_kept("list", "sg", kept)
