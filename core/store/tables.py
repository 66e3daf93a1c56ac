"""Tables of the store. Both worlds of a home have a store of this one schema.

Accounts, sessions and audit are used in the store of ``live`` only, so nothing else refers to them by foreign key: who did
something is kept as a name. Times are aware UTC.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.scope import ROLES
from core.store.columns import (
    JSON_OR_NULL,
    JSON_VALUE,
    NEVER_REUSED,
    Base,
    CanonicalJson,
    Code,
    Count,
    Id,
    Key,
    LongText,
    Name,
    Object,
    Sha,
    Time,
    UtcTime,
    one_of,
)

BATCH_STATES = ("queued", "running", "committed", "failed", "cancelled", "rolled_back")
JOB_STATES = ("queued", "running", "done", "failed", "cancelled")
DECISION_KINDS = ("block", "unblock", "link", "unlink", "cut", "uncut")
SEVERITIES = ("info", "warning", "error")
LANGUAGES = ("zh", "en")
SEGMENT_KINDS = ("list", "static", "live")
TAG_KINDS = ("static", "behavioural", "predicted")
TAG_SOURCES = ("hand", "import", "rule", "model")
CALENDAR_KINDS = ("event", "occurrence", "own", "campaign", "closed")
SCORE_STATES = ("candidate", "staged", "live", "retired")
SCORE_CHECKS = ("cleaning", "calibration", "drift")
SCORE_VERDICTS = ("ok", "watch", "retrain")
TAG_ACTIONS = ("created", "given", "taken", "expired", "changed", "archived", "restored")


# -- the house: who may come in, and what they did -------------------------------------------------------------------


class Account(Base):
    """A person who may log in. ``units`` null = all units. Accounts are disabled, never deleted: the audit log names
    them.
    """

    __tablename__ = "accounts"
    __table_args__ = (one_of("role", ROLES), one_of("language", LANGUAGES), NEVER_REUSED)

    id: Mapped[Id]
    name: Mapped[Code] = mapped_column(unique=True)
    display_name: Mapped[Name]
    role: Mapped[Code]
    units: Mapped[list[str] | None] = mapped_column(JSON_VALUE)
    password_hash: Mapped[LongText]
    must_change_password: Mapped[bool]
    is_active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[Code] = mapped_column(default="zh")
    created_at: Mapped[Time]


class LoginSession(Base):
    """One browser that is logged in. The cookie holds the token, this table only its hash."""

    __tablename__ = "sessions"
    __table_args__ = (NEVER_REUSED,)

    id: Mapped[Id]
    token_sha256: Mapped[Sha] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[Time]
    seen_at: Mapped[Time]
    expires_at: Mapped[Time]
    user_agent: Mapped[Name]


class LoginAttempt(Base):
    """Failed log-ins in a row for one subject (``account:lin``, ``address:10.0.0.1``), and when the next may be
    tried.
    """

    __tablename__ = "login_attempts"

    subject: Mapped[Name] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[Time]
    not_before: Mapped[Time]


class AuditEntry(Base):
    """One thing somebody did. Only ever appended to; ``mac`` chains each entry to the one before
    (core/store/audit.py).
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_object", "object"), Index("ix_audit_actor_at", "actor", "at"))

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[Time]
    actor: Mapped[Name]
    actor_id: Mapped[int | None]
    action: Mapped[Code]
    object: Mapped[Name]
    details: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    previous: Mapped[Sha]
    mac: Mapped[Sha]


class AuditHead(Base):
    """The newest entry of the audit log; one row, locked by whoever appends so that the chain never forks."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    mac: Mapped[Sha]


class Setting(Base):
    """A choice of the house, such as its home currency."""

    __tablename__ = "settings"

    key: Mapped[Code] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON_OR_NULL)
    saved_by: Mapped[Name]
    saved_at: Mapped[Time]


# -- data in ---------------------------------------------------------------------------------------------------------


class Batch(Base):
    """One import. ``read_count = accepted_count + duplicate_count + rejected_count`` once it is committed."""

    __tablename__ = "batches"
    __table_args__ = (
        one_of("state", BATCH_STATES),
        CheckConstraint(
            "state != 'committed' OR read_count = accepted_count + duplicate_count + rejected_count", name="reconciles"
        ),
        Index("ix_batches_source_started_at", "source", "started_at"),
        Index("ix_batches_file_sha256", "file_sha256"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    table_name: Mapped[Code]
    source: Mapped[Code]
    file_name: Mapped[LongText]
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    mapping_name: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[Code] = mapped_column(default="queued")
    read_count: Mapped[Count]
    accepted_count: Mapped[Count]
    duplicate_count: Mapped[Count]
    rejected_count: Mapped[Count]
    lake_version: Mapped[int | None] = mapped_column(BigInteger)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_details: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    actor: Mapped[Name]
    created_at: Mapped[Time]
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ColumnMapping(Base):
    """A mapping that an operator saved; ``body`` is what a file in data/mappings holds. Saving again adds a revision."""

    __tablename__ = "mappings"
    __table_args__ = (UniqueConstraint("name", "revision"), NEVER_REUSED)

    id: Mapped[Id]
    name: Mapped[Name]
    revision: Mapped[int]
    source: Mapped[Code]
    body: Mapped[Object]
    saved_by: Mapped[Name]
    saved_at: Mapped[Time]


class QualityFinding(Base):
    """What one check said of one batch. ``count``: rows concerned."""

    __tablename__ = "quality_findings"
    __table_args__ = (one_of("severity", SEVERITIES), NEVER_REUSED)

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)
    check: Mapped[Code]
    severity: Mapped[Code]
    count: Mapped[Count]
    details: Mapped[Object]
    at: Mapped[Time]


class QualityScore(Base):
    """Score of a source after an import. Each part is a share 0 to 1; null = could not be judged."""

    __tablename__ = "quality_scores"
    __table_args__ = (Index("ix_quality_scores_source_at", "source", "at"), NEVER_REUSED)

    id: Mapped[Id]
    source: Mapped[Code]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"))
    at: Mapped[Time]
    accuracy_share: Mapped[float | None]
    completeness_share: Mapped[float | None]
    consistency_share: Mapped[float | None]
    details: Mapped[Object]


# -- work in the background ------------------------------------------------------------------------------------------


class Job(Base):
    """Work for the worker. ``fence`` grows with every claim: who holds an old fence may no longer write."""

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("state", JOB_STATES),
        Index("ix_jobs_open", "id", sqlite_where=text("state IN ('queued', 'running')"),
              postgresql_where=text("state IN ('queued', 'running')")),
        NEVER_REUSED,
    )  # fmt: skip

    id: Mapped[Id]
    kind: Mapped[Code]
    arguments: Mapped[Object]
    state: Mapped[Code] = mapped_column(default="queued")
    due_at: Mapped[Time]
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    worker: Mapped[str | None] = mapped_column(String(200))
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    is_cancel_requested: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[Name]
    created_at: Mapped[Time]
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_details: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)


class Worker(Base):
    """A worker process and when it was last seen alive."""

    __tablename__ = "workers"

    name: Mapped[Name] = mapped_column(primary_key=True)
    pid: Mapped[int]
    started_at: Mapped[Time]
    seen_at: Mapped[Time]


# -- persons ---------------------------------------------------------------------------------------------------------


class IdentityValue(Base):
    """The raw value behind a pseudonym, encrypted. ``mac`` is the whole keyed hash that ``identity_key`` is cut from."""

    __tablename__ = "identity_values"

    identity_key: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    identity_type: Mapped[Code]
    namespace: Mapped[Code]
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)


class IdentityDecision(Base):
    """What a person decided about identities. Only ever appended to; an undo is a row of its own that names what it
    undoes.
    """

    __tablename__ = "identity_decisions"
    __table_args__ = (one_of("kind", DECISION_KINDS), NEVER_REUSED)

    id: Mapped[Id]
    kind: Mapped[Code]
    left_key: Mapped[Key] = mapped_column(index=True)
    right_key: Mapped[int | None] = mapped_column(BigInteger, index=True)
    reason: Mapped[LongText]
    by: Mapped[Name]
    at: Mapped[Time]
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("identity_decisions.id"), unique=True)


class ProfileField(Base):
    """A personal field of somebody (a nickname), encrypted, as a batch told it. It counts once that batch is committed; see
    ``core.store.profile_fields``.
    """

    __tablename__ = "profile_fields"

    identity_key: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    field: Mapped[Code] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)


class Segment(Base):
    """People under a name. ``kind``: a ``list`` that somebody put together, a ``static`` snapshot of a definition, or a ``live``
    definition that is evaluated whenever it is read.

    ``sentence`` says in words who they are. ``definition``: where a list came from. ``tree``: the definition in the language of
    segments; null for lists. ``units``: the scope of whoever saved it, null = all units; sizes and members kept here are those in it.
    ``member_count`` is exact at ``counted_at`` and ``lake_version``. ``revision`` grows with every change of the definition.
    """

    __tablename__ = "segments"
    __table_args__ = (one_of("kind", SEGMENT_KINDS), NEVER_REUSED)

    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    sentence: Mapped[LongText]
    definition: Mapped[Object]
    lake_version: Mapped[int] = mapped_column(BigInteger)
    member_count: Mapped[Count]
    created_by: Mapped[Name]
    created_at: Mapped[Time]
    kind: Mapped[Code] = mapped_column(default="list", server_default="list")
    tree: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    owner: Mapped[Name] = mapped_column(default="", server_default="")
    units: Mapped[list[str] | None] = mapped_column(JSON_VALUE)
    is_archived: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    counted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    changed_by: Mapped[str | None] = mapped_column(String(200))
    changed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class SegmentMember(Base):
    """Members of a list or a static segment; of a live one those that its last size counted."""

    __tablename__ = "segment_members"

    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)


class SegmentSize(Base):
    """How many a segment had at a moment. ``added_count``, ``left_count``: against the size before; null at the first of a revision."""

    __tablename__ = "segment_sizes"

    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[Time] = mapped_column(primary_key=True)
    revision: Mapped[int]
    lake_version: Mapped[int] = mapped_column(BigInteger)
    member_count: Mapped[Count]
    added_count: Mapped[int | None] = mapped_column(BigInteger)
    left_count: Mapped[int | None] = mapped_column(BigInteger)


class SegmentMove(Base):
    """Somebody who came into a live segment or left it by the time of a size."""

    __tablename__ = "segment_moves"
    __table_args__ = (Index("ix_segment_moves_member_id", "member_id"),)

    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[Time] = mapped_column(primary_key=True)
    member_id: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    is_added: Mapped[bool]


class Tag(Base):
    """A mark on members. ``static``: given by hand, with or without an end. ``behavioural`` and ``predicted``: a rule, ``tree``,
    evaluated whenever it is read; predicted ones may stand on scores.

    ``source``: who it comes from (``hand``, ``import``, ``rule``, ``model``). ``expires_after_days``: how long one that is given holds;
    null = without end. ``member_count``, ``counted_at``, ``lake_version``: of a rule, at its last count; null before it.
    """

    __tablename__ = "tags"
    __table_args__ = (one_of("kind", TAG_KINDS), one_of("source", TAG_SOURCES), NEVER_REUSED)

    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    kind: Mapped[Code]
    tree: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    owner: Mapped[Name]
    units: Mapped[list[str] | None] = mapped_column(JSON_VALUE)
    source: Mapped[Code]
    expires_after_days: Mapped[int | None]
    is_archived: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)
    lake_version: Mapped[int | None] = mapped_column(BigInteger)
    member_count: Mapped[int | None] = mapped_column(BigInteger)
    counted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_by: Mapped[Name]
    created_at: Mapped[Time]
    changed_by: Mapped[str | None] = mapped_column(String(200))
    changed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class TagMember(Base):
    """Who has a static tag, until ``expires_at`` (null = without end). Of a rule: who had it at its last count."""

    __tablename__ = "tag_members"
    __table_args__ = (Index("ix_tag_members_member_id", "member_id"), Index("ix_tag_members_expires_at", "expires_at"))

    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    given_by: Mapped[Name]
    given_at: Mapped[Time]
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)


class TagWrite(Base):
    """One change of a tag. Only ever appended to. ``member_count``: whom it changed; ``undoes_id``: the change it takes back."""

    __tablename__ = "tag_writes"
    __table_args__ = (one_of("action", TAG_ACTIONS), Index("ix_tag_writes_tag_id", "tag_id"), NEVER_REUSED)

    id: Mapped[Id]
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"))
    action: Mapped[Code]
    member_count: Mapped[Count]
    by: Mapped[Name]
    at: Mapped[Time]
    reason: Mapped[LongText]
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("tag_writes.id"), unique=True)


class TagWriteMember(Base):
    """Whom a change of a tag changed; with ``is_again``, who was given it by the change and had it already."""

    __tablename__ = "tag_write_members"
    __table_args__ = (Index("ix_tag_write_members_member_id", "member_id"),)

    write_id: Mapped[int] = mapped_column(ForeignKey("tag_writes.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    is_again: Mapped[bool] = mapped_column(default=False, server_default=false())


# -- foresight -------------------------------------------------------------------------------------------------------


class CalendarEntry(Base):
    """What operators say of the calendar, one row per revision of an entry; the newest of a ``key`` stands. Only ever appended to.

    ``kind``: ``event`` changes a built-in event as a whole and ``occurrence`` the one of ``occurs_on`` (``moved_on``: the day it is on
    instead); ``own``, ``campaign`` and ``closed`` are the house's own, on the days that ``rule`` says. ``name``: the built-in event's, or what the
    house calls its own. ``before_days``, ``after_days``: its window around each day; null = the built-in's. ``is_off``: not told to models.
    """

    __tablename__ = "calendar_entries"
    __table_args__ = (one_of("kind", CALENDAR_KINDS), UniqueConstraint("key", "revision"), NEVER_REUSED)

    id: Mapped[Id]
    key: Mapped[Code]
    revision: Mapped[int]
    kind: Mapped[Code]
    name: Mapped[Name]
    occurs_on: Mapped[date | None]
    moved_on: Mapped[date | None]
    rule: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    before_days: Mapped[int | None]
    after_days: Mapped[int | None]
    is_off: Mapped[bool] = mapped_column(default=False)
    is_removed: Mapped[bool] = mapped_column(default=False)
    by: Mapped[Name]
    at: Mapped[Time]


class ForecastFit(Base):
    """A fit that somebody asked for: what it was told, and what it tells. ``key``: of everything that it depends on, so nothing is fitted twice.

    ``series``: measure, and part where it is one (``orders/channel/wecom``); ``scope``: whose data; ``span``: which models take part. ``told``:
    history, events and spec; ``last_on``: its last known day. ``job_id``: in the queue of the house. ``outcome`` null until it is done;
    ``adding_up``: its path where parts were made to add up to their total. ``error_code``: why there is none.
    """

    __tablename__ = "forecast_fits"
    __table_args__ = (Index("ix_forecast_fits_series", "series"),)

    key: Mapped[Sha] = mapped_column(primary_key=True)
    series: Mapped[Name]
    scope: Mapped[LongText]
    span: Mapped[Code]
    spec_sha256: Mapped[Sha]
    told: Mapped[Object]
    last_on: Mapped[date]
    lake_version: Mapped[int] = mapped_column(BigInteger)
    job_id: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    adding_up: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_details: Mapped[dict[str, Any] | None] = mapped_column(JSON_VALUE)
    fit_seconds: Mapped[float | None]
    asked_by: Mapped[Name]
    asked_at: Mapped[Time]
    made_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ForecastScenario(Base):
    """A spec under a name, for one series and scope. ``slot``: the letter by which it is compared, among those in use."""

    __tablename__ = "forecast_scenarios"
    __table_args__ = (
        Index("uq_forecast_scenarios_slot", "series", "scope", "slot", unique=True, sqlite_where=text("NOT is_archived"),
              postgresql_where=text("NOT is_archived")),
        Index("uq_forecast_scenarios_name", "series", "scope", "name", unique=True, sqlite_where=text("NOT is_archived"),
              postgresql_where=text("NOT is_archived")),
        NEVER_REUSED,
    )  # fmt: skip

    id: Mapped[Id]
    series: Mapped[Name]
    scope: Mapped[LongText]
    slot: Mapped[Code]
    name: Mapped[Name]
    spec: Mapped[Object]
    owner: Mapped[Name]
    revision: Mapped[int] = mapped_column(default=1)
    is_archived: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Time]
    changed_by: Mapped[str | None] = mapped_column(String(200))
    changed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Forecast(Base):
    """A forecast that was published, with all that it rests on. Never changed; a later one of the same series and scope supersedes it.

    ``scale``: what its errors are held against, the mean absolute change against the same weekday a week before; null where that is 0. ``summary``: its
    backtest.
    """

    __tablename__ = "forecasts"
    __table_args__ = (Index("ix_forecasts_series", "series"), NEVER_REUSED)

    id: Mapped[Id]
    series: Mapped[Name]
    scope: Mapped[LongText]
    fit_key: Mapped[Sha]
    spec: Mapped[Object]
    events: Mapped[list[dict[str, Any]]] = mapped_column(JSON_VALUE)
    lake_version: Mapped[int] = mapped_column(BigInteger)
    last_on: Mapped[date]
    headline: Mapped[Code]
    weights: Mapped[Object]
    summary: Mapped[Object]
    scale: Mapped[float | None]
    name: Mapped[Name]
    published_by: Mapped[Name]
    published_at: Mapped[Time]
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("forecasts.id"), unique=True)


class ForecastDay(Base):
    """A day of a published forecast. ``horizon``: days after the last known one, from 1. ``actual``: null until it is known; the only thing that
    changes, with ``scored_at``."""

    __tablename__ = "forecast_days"
    __table_args__ = (Index("ix_forecast_days_day_on", "day_on"),)

    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecasts.id", ondelete="CASCADE"), primary_key=True)
    day_on: Mapped[date] = mapped_column(primary_key=True)
    horizon: Mapped[int]
    point: Mapped[float]
    lower80: Mapped[float]
    upper80: Mapped[float]
    lower95: Mapped[float]
    upper95: Mapped[float]
    actual: Mapped[float | None]
    scored_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ScoreModel(Base):
    """A model of one target over so many days. At most one of them is ``live``; a ``candidate`` becomes ``staged`` (it scores in the shadow),
    then live, and ``retired`` by the next one.

    ``parameters``: what scores, and what drift is held against. ``window``: the newest day, the training cut-offs and the tested one.
    ``metrics``: how good it was on the tested one. ``revision`` grows when the intercept is calibrated. ``replaced_id``: the live model
    that this one followed. ``note``: why it went live although it was worse, or was taken back.
    """

    __tablename__ = "score_models"
    __table_args__ = (
        one_of("state", SCORE_STATES),
        Index("uq_score_models_live", "target", "days", unique=True, sqlite_where=text("state = 'live'"),
              postgresql_where=text("state = 'live'")),
        NEVER_REUSED,
    )  # fmt: skip

    id: Mapped[Id]
    target: Mapped[Code]
    days: Mapped[int]
    algorithm: Mapped[Code]
    state: Mapped[Code]
    revision: Mapped[int] = mapped_column(default=1)
    parameters: Mapped[Object]
    window: Mapped[Object]
    metrics: Mapped[Object]
    lake_version: Mapped[int] = mapped_column(BigInteger)
    made_by: Mapped[Name]
    made_at: Mapped[Time]
    staged_by: Mapped[str | None] = mapped_column(String(200))
    staged_at: Mapped[datetime | None] = mapped_column(UtcTime)
    promoted_by: Mapped[str | None] = mapped_column(String(200))
    promoted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcTime)
    replaced_id: Mapped[int | None] = mapped_column(ForeignKey("score_models.id"))
    note: Mapped[LongText] = mapped_column(default="")


class ScoreCheck(Base):
    """What a look at a model's data found. ``kind``: of the features it reads, of its intercept, or of drift. Only ever appended to."""

    __tablename__ = "score_checks"
    __table_args__ = (
        one_of("kind", SCORE_CHECKS),
        one_of("verdict", SCORE_VERDICTS),
        Index("ix_score_checks_model_id_kind", "model_id", "kind"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    model_id: Mapped[int] = mapped_column(ForeignKey("score_models.id", ondelete="CASCADE"))
    kind: Mapped[Code]
    verdict: Mapped[Code]
    details: Mapped[Object]
    lake_version: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[Name]
    at: Mapped[Time]


# -- pages -----------------------------------------------------------------------------------------------------------


class SavedView(Base):
    """What somebody chose on a page and gave a name: the query part of its address. A private one is its owner's alone."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("account", "page", "name"), NEVER_REUSED)

    id: Mapped[Id]
    account: Mapped[Code]
    page: Mapped[Code]
    name: Mapped[Name]
    query: Mapped[LongText]
    is_shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    saved_at: Mapped[Time]


class TopicRevision(Base):
    """How often a topic (segments, merges, goals, consent …) was changed; part of the key of every cached read."""

    __tablename__ = "topic_revisions"

    topic: Mapped[Code] = mapped_column(primary_key=True)
    revision: Mapped[int]
