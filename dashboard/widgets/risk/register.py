"""The register of risks: what could go wrong, how grave it is before and after what is done about it, and who looks at it when."""

from html import escape

import streamlit as st

from dashboard import addresses, i18n
from dashboard.actions import register as actions
from dashboard.data import register
from dashboard.data.levels import Cell, level
from dashboard.data.register import RISK_KINDS, Register, Risk
from dashboard.i18n import t
from dashboard.widgets import choice, heading, tiles
from dashboard.widgets.choice import Choice
from dashboard.widgets.risk import levels, register_forms, register_one, rows
from dashboard.widgets.risk.register_one import OF
from dashboard.widgets.risk.rows import Column
from dashboard.widgets.tiles import Tile

KIND, STAGE, CELL, STATE = "rg_kind", "rg_stage", "rg_cell", "rg_state"
"""Where the address says which risks are listed, and what the matrix tells."""
STAGES: tuple[register.Stage, ...] = ("now", "before", "after")
ALL = "all"
STATES = ("standing", "closed")


def show() -> None:
    known = register.read()
    opened = addresses.opened(OF, {one.key for one in known.risks})
    if opened is not None:
        one = known.one(opened)
        assert one is not None
        register_one.show(one, known)
        return
    standing = [one for one in known.risks if one.state != "closed"]
    with st.container(border=True, key="card_register"):
        st.html(heading.section(t("register.title"), t("register.lead"), "register"))
        if actions.may():
            register_forms.adding(known)
        if not known.risks:
            st.html(heading.line(t("register.none" if actions.may() else "register.none_read")))
            return
        st.html(tiles.wall(_tiles(standing, known), 150))
    stage = _matrix(standing)
    _list(known, stage)


def _tiles(standing: list[Risk], known: Register) -> list[Tile]:
    grave = sum(level(*one.cell()) in ("high", "critical") for one in standing)
    late = register.due(standing, known.today)
    told = t("register.due_since", on=i18n.day(late[0].described.review_on)) if late else ""
    treated = sum(one.state == "treated" for one in standing)
    return [
        Tile("risks", t("register.tile_standing"), i18n.number(len(standing))),
        Tile("grave", t("register.tile_grave"), i18n.number(grave), meaning=levels.meaning()),
        Tile("due", t("register.tile_due"), i18n.number(len(late)), beside=told, meaning=t("register.due_meaning")),
        Tile("treated", t("register.tile_treated"), i18n.number(treated), meaning=t("register.treated_meaning")),
    ]


def _matrix(standing: list[Risk]) -> register.Stage:
    with st.container(border=True, key="card_register_matrix"):
        stage = choice.read(STAGE, STAGES)
        st.html(heading.section(t("register.matrix"), levels.meaning(), "register-matrix"))
        labels = {one: t(f"register.stage_{one}") for one in STAGES}
        st.html(choice.row(Choice(STAGE, t("register.stage"), labels, stage), addresses.beside(STAGE)))
        counts = {cell: len(inside) for cell, inside in register.cells(standing, stage).items()}
        st.html(levels.matrix(counts, t("register.matrix"), CELL, _open_cell(), addresses.beside(CELL)))
        st.caption(t(f"register.stage_{stage}_lead"))
    return stage


def _open_cell() -> Cell | None:
    text = st.query_params.get(CELL)
    cell = levels.read_cell(text)
    if text is not None and cell is None:
        addresses.leave_out(CELL, text)
        st.query_params.pop(CELL, None)
    return cell


def _list(known: Register, stage: register.Stage) -> None:
    with st.container(border=True, key="card_register_rows"):
        kind, state, cell = choice.read(KIND, (ALL, *RISK_KINDS)), choice.read(STATE, STATES), _open_cell()
        st.html(heading.section(t("register.rows"), "", "register-rows"))
        kinds = {one: t(f"register.kind_{one}") for one in (ALL, *RISK_KINDS)}
        states = {one: t(f"register.list_{one}") for one in STATES}
        st.html(
            choice.row(Choice(KIND, t("register.kind"), kinds, kind), addresses.beside(KIND))
            + choice.row(Choice(STATE, t("register.state"), states, state), addresses.beside(STATE))
        )
        mine = [
            one
            for one in known.risks
            if (one.state == "closed") == (state == "closed") and kind in (ALL, one.described.kind)
        ]
        if cell is not None:
            mine = [one for one in mine if one.cell(stage) == cell]
            way = tiles.Way(t("register.every_cell"), f"?{addresses.beside(CELL)}", "box").html("every-cell")
            st.html(f'<p class="lead">{escape(levels.cell_words(cell))}</p><div class="ways">{way}</div>')
        if not mine:
            st.html(heading.line(t("register.none_so")))
            return
        mine.sort(key=lambda one: (-_product(one.cell()), one.described.review_on))
        st.html(_table(mine, known))


def _product(cell: Cell) -> int:
    return cell[0] * cell[1]


def _table(shown: list[Risk], known: Register) -> str:
    columns = [
        Column(t("register.column_risk")), Column(t("register.kind"), "short"), Column(t("register.before"), "short"),
        Column(t("register.treatment"), "short"), Column(t("register.after"), "short"), Column(t("register.state"), "short"),
        Column(t("register.owner")), Column(t("register.review_on"), "short"),
    ]  # fmt: skip
    others = addresses.beside(OF)
    return rows.table("register-table", t("register.rows"), columns, [_row(one, known, others) for one in shown])


def _row(one: Risk, known: Register, others: str) -> list[str]:
    told = one.described
    return [
        rows.opens(told.title, OF, one.key, others), escape(t(f"register.kind_{told.kind}")), levels.of_cell(one.cell("before")),
        escape(t(f"register.treatment_{told.treatment}")), register_one.after(one), escape(t(f"register.state_{one.state}")), escape(told.owner),
        register_one.review(one, known.today),
    ]  # fmt: skip
