"""The registry: which model scores, which one stands ready, what training and checks found, and when they come next."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.errors import NotLearnt
from dashboard import charts, i18n, markdown
from dashboard.actions import guard
from dashboard.actions import scores as actions
from dashboard.data import people, scores, worlds
from dashboard.data.scores import HEAVY, RETRAIN, Comparison, Job, Registry, ScoreCheck, ScoreModel, Shadow
from dashboard.i18n import UNDEFINED, t
from dashboard.widgets import heading
from dashboard.widgets.member import table
from dashboard.widgets.parts import Asked
from dashboard.widgets.scores import chart, words

KEYS = words.KEYS
EVERY = "2s"
FEATURES_TOLD = 6
NOTE = "scores_note"


def show(asked: Asked) -> None:
    own = words.asked()
    registry = scores.registry(own)
    with st.container(border=True, key="card_scores_models"):
        st.html(heading.section(t("scores.models"), t("scores.models_lead", event=words.event(own)), "scores-models"))
        words.choices(own)
        _working()
        _unfit(registry)
        _live(registry, own)
        _registry(registry)
    staged, live = registry.one("staged"), registry.one("live")
    if staged is not None:
        with st.container(border=True, key="card_scores_staged"):
            _staged(asked, staged, live)
    with st.container(border=True, key="card_scores_drift"):
        _drift(registry, live)
    with st.container(border=True, key="card_scores_schedule"):
        _schedule(registry)


# -- training ----------------------------------------------------------------------------------------------------------


def _working() -> None:
    open_jobs = [job for job in scores.jobs() if job.state in ("queued", "running")]
    if open_jobs:
        _progress([job.id for job in open_jobs])
        return
    last = next(iter(scores.jobs()), None)
    if last is not None and last.state == "failed":
        code = last.error_code or "job.failed"
        details = {name: value for name, value in (last.error_details or {}).items() if name != "message"}
        why = words.refused(NotLearnt(code, str((last.error_details or {}).get("message", code)), details))
        what = [words.model(target, days) for target, days in last.arguments["wanted"]]
        st.html(heading.line(t("scores.training_failed", what=i18n.listed(what), why=why)))


@st.fragment(run_every=EVERY)
def _progress(known: list[int]) -> None:
    if not guard.may("scores.see"):
        st.rerun()
    found = [job for job in scores.jobs() if job.state in ("queued", "running")]
    if [job.id for job in found] != known:
        st.rerun()
    if not scores.has_worker():
        st.warning(t("scores.no_worker"), icon=":material/power_off:")
    for job in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"scores_job_{job.id}"):
            at, said = _how_far(job)
            st.progress(at, text=markdown.escaped(said))
            if actions.may():
                st.button(
                    t("scores.cancelling" if job.is_cancel_requested else "scores.cancel"), key=f"scores_cancel_{job.id}",
                    icon=":material/stop_circle:", disabled=job.is_cancel_requested, on_click=_cancel, args=(job.id,),
                )  # fmt: skip


def _how_far(job: Job) -> tuple[float, str]:
    told = job.progress or {}
    if job.state == "queued" or "stage" not in told:
        return 0.0, t("scores.waiting")
    models, model = told.get("models", 1), told.get("model", 1)
    part = told["done"] / (told["of"] + 1)
    said = t(f"scores.stage_{told['stage']}", done=told["done"], of=told["of"])
    return (model - 1 + part) / models, said if models == 1 else t(
        "scores.stage_of", model=model, models=models, said=said
    )


@guard.guarded("scores.write")
def _cancel(job_id: int) -> None:
    actions.cancel(job_id)


@guard.guarded("scores.write")
def _train(own: scores.Asked) -> None:
    actions.train(own)


def _unfit(registry: Registry) -> None:
    if registry.unfit is None:
        return
    why = words.refused(
        NotLearnt(registry.unfit["code"], str(registry.unfit["details"].get("message")), registry.unfit["details"])
    )
    st.html(heading.line(t("scores.unfit_last", why=why)))


# -- the registry ------------------------------------------------------------------------------------------------------


def _live(registry: Registry, own: scores.Asked) -> None:
    live = registry.one("live")
    told = t("scores.no_live") if live is None else t(
        "scores.live_is", number=live.id, on=_day(live.promoted_at), by=_by(live.promoted_by), trained=_day(live.made_at),
    )  # fmt: skip
    st.html(heading.line(told))
    if not actions.may():
        return
    with st.container(horizontal=True, gap="small"):
        st.button(t("scores.train"), icon=":material/model_training:", key="scores_train", on_click=_train, args=(own,))
        if live is not None and live.replaced_id is not None:
            _rolling_back(own, live)


def _rolling_back(own: scores.Asked, live: ScoreModel) -> None:
    box = st.popover(t("scores.roll_back"), icon=":material/undo:", key="scores_roll_back", on_change="rerun")
    if not box.open:
        return
    with box, st.form("scores_roll_back_form", border=False):
        st.write(t("scores.roll_back_means", number=live.id, before=live.replaced_id))
        _used()
        st.text_input(t("scores.why"), max_chars=actions.LONGEST_NOTE, key="scores_roll_back_why")
        st.form_submit_button(t("scores.roll_back_do"), type="primary", on_click=_roll_back, args=(own,))


@guard.guarded("scores.write")
def _roll_back(own: scores.Asked) -> None:
    number = actions.roll_back(own, st.session_state["scores_roll_back_why"])
    guard.note(t("scores.rolled_back", number=number))


def _used() -> None:
    if used := scores.standing_on_scores():
        st.write(t("scores.used", names=markdown.escaped(i18n.listed(used))))


def _registry(registry: Registry) -> None:
    if not registry.models:
        return
    titles = [
        t(f"scores.registry_{one}") for one in ("number", "state", "made", "test", "auc", "log_loss", "rate", "note")
    ]
    rows = [
        (
            str(row.id), _state(row), f"{_day(row.made_at)} {_by(row.made_by)}", i18n.day(scores.model(row).window.test),
            i18n.number(row.metrics["quality"]["auc"], 3), i18n.number(row.metrics["quality"]["log_loss"], 3), i18n.share(row.metrics["quality"]["rate"]), row.note,
        )
        for row in registry.models
    ]  # fmt: skip
    st.html(f'<div class="parts-of">{table.html(titles, rows, numbers=(0, 4, 5, 6))}</div>')
    if registry.count > len(registry.models):
        st.html(heading.line(t("scores.models_shown", shown=scores.NEWEST, count=i18n.number(registry.count))))
    if not actions.may():
        return
    candidates = [row for row in registry.models if row.state == "candidate" and scores.is_readable(row)]
    if candidates:
        fresh = candidates[0]
        st.button(
            t("scores.stage", number=fresh.id), icon=":material/visibility:", key="scores_stage", on_click=_stage, args=(fresh.id,), help=t("scores.stage_help"),
        )  # fmt: skip


def _state(row: ScoreModel) -> str:
    state = t(f"scores.state_{row.state}")
    return state if scores.is_readable(row) else f"{state}{t('number.then')}{t('scores.other_features')}"


@guard.guarded("scores.write")
def _stage(model_id: int) -> None:
    actions.stage(model_id)
    guard.note(t("scores.staged", number=model_id))


def _staged(asked: Asked, staged: ScoreModel, live: ScoreModel | None) -> None:
    st.html(heading.section(t("scores.shadow", number=staged.id), t("scores.shadow_lead"), "scores-shadow"))
    against = None
    if live is not None:
        answer = scores.trial(asked.filters, staged, live)
        against = None if answer is None else answer.found.against
        st.html(
            words.paragraphs(
                _told_against(against, live), _told_shadow(None if answer is None else answer.found.shadow)
            )
        )
    if actions.may() and scores.is_readable(staged):
        _promoting(staged, against)


def _told_against(against: Comparison | None, live: ScoreModel) -> str:
    if against is None:
        return t("scores.trial_gone")
    key = f"scores.trial_{against.worse}" if against.worse else "scores.trial_not_worse"
    return t(
        key, members=i18n.number(against.members), number=live.id, auc=i18n.signed(against.auc, 4), auc_p=i18n.number(against.auc_p, 3),
        log_loss=i18n.signed(against.log_loss, 4), log_loss_p=i18n.number(against.log_loss_p, 3),
    )  # fmt: skip


def _told_shadow(shadow: Shadow | None) -> str:
    if shadow is None:
        return ""
    return t(
        "scores.shadow_told", members=i18n.number(shadow.members), apart=i18n.share(shadow.apart), mean=i18n.share(shadow.mean),
        other=i18n.share(shadow.other_mean), shared=i18n.share(shadow.shared_tenth, 0), agreement=i18n.number(shadow.agreement, 2),
    )  # fmt: skip


def _promoting(staged: ScoreModel, against: Comparison | None) -> None:
    box = st.popover(
        t("scores.promote", number=staged.id), icon=":material/publish:", key="scores_promote", on_change="rerun"
    )
    if not box.open:
        return
    with box, st.form("scores_promote_form", border=False):
        st.write(t("scores.promote_means"))
        _used()
        is_worse = against is not None and against.worse is not None
        st.text_input(
            t("scores.why_worse" if is_worse else "scores.why_optional"), max_chars=actions.LONGEST_NOTE, key=NOTE
        )
        st.form_submit_button(t("scores.promote_do"), type="primary", on_click=_promote, args=(staged.id,))


@guard.guarded("scores.write")
def _promote(model_id: int) -> None:
    actions.promote(model_id, st.session_state[NOTE])
    guard.note(t("scores.promoted", number=model_id))


# -- watched -----------------------------------------------------------------------------------------------------------


def _drift(registry: Registry, live: ScoreModel | None) -> None:
    checks = registry.drifts
    last = next((one for one in checks if live is not None and one.model_id == live.id), None)
    lead = t("scores.drift_none") if last is None else t(f"scores.drift_{last.verdict}", on=_day(last.at))
    st.html(heading.section(t("scores.drift"), lead, "scores-drift"))
    if last is not None:
        unusual = last.details["unusual_share"]
        psi = last.details["score"]["psi"]
        st.html(
            words.paragraphs(
                t("scores.drift_told", members=i18n.number(last.details["members"]), psi=i18n.number(psi, 3), unusual=UNDEFINED if unusual is None else i18n.share(unusual)),
                _carried(last),
            )
        )  # fmt: skip
        if len(checks) > 1:
            history = tuple(reversed(checks))
            zone = people.zone()
            key = "|".join([worlds.shown(), zone, *(f"{one.id} {one.at}" for one in history)])
            charts.show("scores_drift", key, partial(chart.drifts, history, zone), alt=t("scores.drift"))
        st.html(_moved(last))
    if actions.may() and live is not None:
        with st.container(horizontal=True, gap="small"):
            for kind in ("cleaning", "calibration", "drift"):
                st.button(
                    t(f"scores.look_{kind}"),
                    key=f"scores_look_{kind}",
                    type="tertiary",
                    icon=":material/search:",
                    on_click=_look,
                    args=(live.id, kind),
                )
    if registry.checks:
        st.html(_checks(registry.checks))
        if registry.check_count > len(registry.checks):
            told = {"shown": len(registry.checks), "count": i18n.number(registry.check_count)}
            st.html(heading.line(t("scores.checks_shown", **told)))


def _carried(check: ScoreCheck) -> str:
    """How much hangs on the features that moved beyond the bound: nothing is said of none."""
    far = [one["weight"] for one in check.details["features"] if (one["psi"] or 0) >= RETRAIN]
    if not far:
        return ""
    return t(
        "scores.drift_far",
        count=i18n.number(len(far)),
        bound=i18n.number(RETRAIN, 2),
        share=i18n.share(sum(far)),
        heavy=i18n.share(HEAVY, 0),
    )


def _moved(check: ScoreCheck) -> str:
    """The features that moved farthest."""
    rows = sorted(check.details["features"], key=lambda one: -(one["psi"] or 0))[:FEATURES_TOLD]
    told = [
        (
            words.feature(one["name"]),
            i18n.number(one["psi"], 3),
            i18n.signed(one["away"], 2),
            i18n.signed(one["z"], 1),
            i18n.share(one["weight"]),
        )
        for one in rows
    ]
    titles = [t("scores.feature"), t("scores.psi"), t("scores.away"), t("scores.z"), t("scores.weight_share")]
    return f'<div class="parts-of">{table.html(titles, told, numbers=(1, 2, 3, 4))}</div>'


def _checks(checks: Sequence[ScoreCheck]) -> str:
    rows = [
        (
            _day(one.at),
            t(f"scores.check_{one.kind}"),
            str(one.model_id),
            t(f"scores.verdict_{one.verdict}"),
            _found(one),
            _by(one.by),
        )
        for one in checks
    ]
    titles = [t(f"scores.checks_{one}") for one in ("at", "kind", "model", "verdict", "found", "by")]
    return f'<div class="parts-of"><h2>{t("scores.checks")}</h2>{table.html(titles, rows, numbers=(2,))}</div>'


def _found(check: ScoreCheck) -> str:
    told = check.details
    if check.kind == "drift":
        return t(
            "scores.psi_told", psi=i18n.number(told["score"]["psi"], 3), verdict=t(f"scores.verdict_{check.verdict}")
        )
    if check.kind == "calibration":
        key = "scores.calibrated_told" if told["is_moved"] else "scores.uncalibrated_told"
        return t(
            key,
            promised=i18n.share(told["promised"]),
            rate=i18n.share(told["rate"]),
            members=i18n.number(told["members"]),
        )
    gone = [*told["unknown"], *told["flat"], *told["lost"]]
    return (
        t("scores.cleaning_faults", names=i18n.listed(map(words.feature, gone)))
        if gone
        else t("scores.cleaning_ok", members=i18n.number(told["members"]))
    )


@guard.guarded("scores.write")
def _look(model_id: int, kind: str) -> None:
    if not actions.look(model_id, kind):
        key = "scores.look_nothing_calibration" if kind == "calibration" else "scores.look_nothing"
        guard.note(t(key, least=scores.FEWEST_OF_EACH), is_error=True)


def _schedule(registry: Registry) -> None:
    st.html(heading.section(t("scores.schedule"), t("scores.schedule_lead"), "scores-schedule"))
    st.html(words.paragraphs(*(t(f"scores.schedule_{one}") for one in ("daily", "weekly", "monthly", "first"))))
    if actions.may():
        st.session_state["scores_auto"] = registry.is_auto
        st.toggle(t("scores.auto"), key="scores_auto", help=t("scores.auto_help"), on_change=_choose_auto)
    else:
        st.html(heading.line(t("scores.auto_on" if registry.is_auto else "scores.auto_off")))


@guard.guarded("scores.write")
def _choose_auto() -> None:
    actions.choose_auto(bool(st.session_state["scores_auto"]))


def _day(at: object) -> str:
    return UNDEFINED if at is None else i18n.moment(at, people.zone())  # type: ignore[arg-type]


def _by(name: str | None) -> str:
    return t("scores.by_schedule") if name in (None, "system") else str(name)
