"""Foresight: the calendar as operators keep it. One pair of functions for each topic."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UTC_TIME = sa.DateTime(timezone=True)
OBJECT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _add_calendar()
    _add_forecasts()
    _add_scores()


def downgrade() -> None:
    """What was forecast, scored and written into the calendar is lost."""
    _drop_calendar()
    _drop_forecasts()
    _drop_scores()


def _add_calendar() -> None:
    op.create_table(
        "calendar_entries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("occurs_on", sa.Date(), nullable=True),
        sa.Column("moved_on", sa.Date(), nullable=True),
        sa.Column("rule", OBJECT, nullable=True),
        sa.Column("before_days", sa.Integer(), nullable=True),
        sa.Column("after_days", sa.Integer(), nullable=True),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("is_removed", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.CheckConstraint(
            "kind IN ('event', 'occurrence', 'own', 'campaign', 'closed')", name="ck_calendar_entries_kind"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_entries"),
        sa.UniqueConstraint("key", "revision", name="uq_calendar_entries_key_revision"),
        sqlite_autoincrement=True,
    )


def _drop_calendar() -> None:
    op.drop_table("calendar_entries")


def _add_forecasts() -> None:
    op.create_table(
        "forecast_fits",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("span", sa.String(length=64), nullable=False),
        sa.Column("spec_sha256", sa.String(length=64), nullable=False),
        sa.Column("told", OBJECT, nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("lake_version", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", OBJECT, nullable=True),
        sa.Column("adding_up", OBJECT, nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_details", OBJECT, nullable=True),
        sa.Column("fit_seconds", sa.Double(), nullable=True),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UTC_TIME, nullable=False),
        sa.Column("made_at", UTC_TIME, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_forecast_fits"),
    )
    op.create_index("ix_forecast_fits_series", "forecast_fits", ["series"], unique=False)
    op.create_table(
        "forecast_scenarios",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("series", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("spec", OBJECT, nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=True),
        sa.Column("changed_at", UTC_TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_forecast_scenarios"),
        sqlite_autoincrement=True,
    )
    for name in ("slot", "name"):
        op.create_index(
            f"uq_forecast_scenarios_{name}",
            "forecast_scenarios",
            ["series", "scope", name],
            unique=True,
            sqlite_where=sa.text("NOT is_archived"),
            postgresql_where=sa.text("NOT is_archived"),
        )
    op.create_table(
        "forecasts",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("series", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("fit_key", sa.String(length=64), nullable=False),
        sa.Column("spec", OBJECT, nullable=False),
        sa.Column("events", OBJECT, nullable=False),
        sa.Column("lake_version", sa.BigInteger(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("headline", sa.String(length=64), nullable=False),
        sa.Column("weights", OBJECT, nullable=False),
        sa.Column("summary", OBJECT, nullable=False),
        sa.Column("scale", sa.Double(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("published_by", sa.String(length=200), nullable=False),
        sa.Column("published_at", UTC_TIME, nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["supersedes_id"], ["forecasts.id"], name="fk_forecasts_supersedes_id"),
        sa.PrimaryKeyConstraint("id", name="pk_forecasts"),
        sa.UniqueConstraint("supersedes_id", name="uq_forecasts_supersedes_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_forecasts_series", "forecasts", ["series"], unique=False)
    op.create_table(
        "forecast_days",
        sa.Column("forecast_id", sa.Integer(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("point", "lower80", "upper80", "lower95", "upper95")
        ),
        sa.Column("actual", sa.Double(), nullable=True),
        sa.Column("scored_at", UTC_TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["forecast_id"], ["forecasts.id"], name="fk_forecast_days_forecast_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("forecast_id", "day_on", name="pk_forecast_days"),
    )
    op.create_index("ix_forecast_days_day_on", "forecast_days", ["day_on"], unique=False)


def _drop_forecasts() -> None:
    for name in ("forecast_days", "forecasts", "forecast_scenarios", "forecast_fits"):
        op.drop_table(name)


def _add_scores() -> None:
    op.create_table(
        "score_models",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        *(sa.Column(name, OBJECT, nullable=False) for name in ("parameters", "window", "metrics")),
        sa.Column("lake_version", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("made_at", UTC_TIME, nullable=False),
        sa.Column("staged_by", sa.String(length=200), nullable=True),
        sa.Column("staged_at", UTC_TIME, nullable=True),
        sa.Column("promoted_by", sa.String(length=200), nullable=True),
        sa.Column("promoted_at", UTC_TIME, nullable=True),
        sa.Column("retired_at", UTC_TIME, nullable=True),
        sa.Column("replaced_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('candidate', 'staged', 'live', 'retired')", name="ck_score_models_state"),
        sa.ForeignKeyConstraint(["replaced_id"], ["score_models.id"], name="fk_score_models_replaced_id"),
        sa.PrimaryKeyConstraint("id", name="pk_score_models"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_score_models_live",
        "score_models",
        ["target", "days"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "score_checks",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=64), nullable=False),
        sa.Column("details", OBJECT, nullable=False),
        sa.Column("lake_version", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.CheckConstraint("kind IN ('cleaning', 'calibration', 'drift')", name="ck_score_checks_kind"),
        sa.CheckConstraint("verdict IN ('ok', 'watch', 'retrain')", name="ck_score_checks_verdict"),
        sa.ForeignKeyConstraint(
            ["model_id"], ["score_models.id"], name="fk_score_checks_model_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_score_checks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_score_checks_model_id_kind", "score_checks", ["model_id", "kind"], unique=False)


def _drop_scores() -> None:
    for name in ("score_checks", "score_models"):
        op.drop_table(name)
