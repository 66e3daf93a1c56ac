"""What definitions are in words, and what values of conditions are called on screen."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from core.errors import InvalidSegment, Refusal
from core.periods import Period
from dashboard import i18n
from dashboard.data import clusters, segments, vocabulary
from dashboard.i18n import t
from dashboard.widgets import names
from dashboard.widgets.evidence import kind as identity
from dashboard.widgets.value import clusters_words

TEXTS = {
    "gender": "segments.gender_", "acquisition_channel": "channel.", "rfm": "rfm.class_", "lifecycle": "lifecycle.state_",
    "value_tier": "segments.value_tier_",
}  # fmt: skip
"""Where the names of values stand that are the same in every lake."""
USUAL = "zh"
"""The language of a list that says none."""
FROM = {
    "overview": ("behind",),
    "funnels": ("funnel",),
    "paths": ("path", "sessions"),
    "retention": ("retention",),
    "lifecycle": ("lifecycle", "life_stage"),
    "community": ("community", "topics", "care", "voices", "voices_month", "sensitive", "surveys", "activities", "aftermath"),
    "content": ("contents", "fatigue", "lives", "matching"),
    "channels": ("channels", "overlap"),
    "value": ("rfm", "ltv", "ltv_channels", "ltv_cohorts", "clusters", "membership"),
    "scores": ("scores", "causes"),
    "segments": ("segment", "segment_overlap", "segment_reach", "segment_move"),
}  # fmt: skip
"""On which page a list of each kind is shown."""


def called(name: str, value: object, known: str | None = None) -> str:
    """A value of a field or a list in the reader's words; else as the data calls it, else itself. ``known``: what the data calls it."""
    if isinstance(value, bool):
        return t("segments.value_true" if value else "segments.value_false")
    if name == "cluster":
        return _cluster(str(value))
    if name in vocabulary.TIERS_OF:
        return _tier(name, str(value))
    key = f"{TEXTS.get(name, '')}{value}"
    if name in TEXTS and i18n.has(key):
        return t(key)
    return known or str(value)


def told(definition: Mapping[str, Any]) -> str:
    """The definition as one sentence in the reader's language; what it names that is not called anything stands by its number."""
    currency = vocabulary.currency()
    digits = get_currency_precision(currency)

    def money(value: float) -> str:
        minor = int(Decimal(str(value)).scaleb(digits))
        return i18n.money(minor, currency, digits=0 if minor % 10**digits == 0 else digits)

    try:
        return segments.read_back(definition, t, _name, money)
    except InvalidSegment as error:
        return i18n.refusal(error)


def origin(given: Mapping[str, Any], sentence: str) -> str:
    """Where a list came from: ``sentence``, as it was kept, for those who read the language of whoever kept it; for others what can be
    said in theirs."""
    kind = str(given.get("kind"))
    if kind == "list":
        of = str(given.get("of"))
        return t("segments.import_sentence", kind=t("segments.import_member") if of == "member" else identity(of))
    if given.get("language", USUAL) == i18n.language():
        return sentence
    if kind == "segment" and given.get("which") == "fit":
        return t("segments.from_fit", sentence=told(given["tree"]))
    page = next((page for page, kinds in FROM.items() if kind in kinds), None)
    if page is None:
        return sentence
    if page == "segments":
        return t("segments.from_segments")
    if page == "value":  # of a day, whatever the period of the page
        return t("segments.from_value", what=_worth(kind, str(given.get("which"))))
    if page == "scores":
        return t("segments.from_value", what=_leaving(kind, str(given.get("which"))))
    what = t(f"metric.{given['metric']}.title") if kind == "behind" else t(f"{page}.title")
    period = Period(date.fromisoformat(given["from"]), date.fromisoformat(given["to"]) + timedelta(days=1))
    return t("segments.from_page", what=what, days=i18n.days(period))


def _worth(kind: str, which: str) -> str:
    """Whom a list of the page about value is of, as far as its name says it."""
    sort, _, name = which.partition(".")
    key = f"rfm.{sort}_{name}"
    return t(key) if kind == "rfm" and i18n.has(key) else t("value.title")


def _leaving(kind: str, which: str) -> str:
    """The same of a list of the page about who leaves and who buys."""
    key = f"causes.{which}"
    return t("causes.people", cause=t(key)) if kind == "causes" and i18n.has(key) else t("scores.title")


def _name(kind: str, value: str | int | bool) -> str:
    if kind == "event":
        return names.events({*vocabulary.events(), str(value)})[str(value)]
    if kind == "property":
        return names.property_of(str(value))
    if kind in LISTED:
        known = dict(vocabulary.named(kind) if kind in ("tag", "segment") else vocabulary.options(kind))
        known.setdefault(value, None)
        return names.apart({one: called(kind, one, name) for one, name in known.items()})[value]
    return names.value(kind, str(value)) if kind in COLUMNS else called(kind, value)


def _tier(name: str, value: str) -> str:
    """A tier that nobody has, as those of another way to tell them, says so."""
    words = names.tier(value)
    return words if vocabulary.tiers(name).members.get(value) else t("segments.tier_of_nobody", tier=words)


def _cluster(label: str) -> str:
    """What telling features or somebody's name make of a label; itself where there are no clusters."""
    try:
        answer = clusters.found(segments.everything(), clusters.Asked())
    except Refusal:
        return label
    known = answer is not None and label in answer.found.model.labels
    return (
        clusters_words.numbered(answer.found, label)
        if answer is not None and known
        else t("segments.cluster_gone", label=label)
    )


LISTED = ("gender", "city", "unit", "staff", "acquisition_channel", "tier", "imported_tier", "group", "tag", "segment")
COLUMNS = ("channel", "unit_id", "group_id", "content_id", "product_id", "campaign_id")
