"""Every table of the demo keeps the lake's contract, and nothing refers to what does not exist."""

from datetime import timedelta

import pandas as pd
import pytest

from core import schema
from tests.core.demo.conftest import END_ON, EVENTS, Filled

REFERENCES = {
    "unit_id": "units", "staff_id": "staff", "group_id": "groups", "product_id": "products", "content_id": "contents",
    "campaign_id": "campaigns", "offer_id": "offers", "activity_id": "activities",
}  # fmt: skip


@pytest.mark.parametrize("name", schema.TABLES)
def test_every_table_has_rows(filled: Filled, name: str) -> None:
    assert len(filled.rows(name)) > 0


@pytest.mark.parametrize("name", schema.TABLES)
def test_needed_columns_are_never_null(filled: Filled, name: str) -> None:
    rows = filled.rows(name)
    assert [c.name for c in schema.table(name).stored if c.is_needed and rows[c.name].isna().any()] == []


@pytest.mark.parametrize("name", schema.TABLES)
def test_columns_with_choices_hold_no_other_value(filled: Filled, name: str) -> None:
    rows = filled.rows(name)
    for column in schema.table(name).columns:
        if column.choices:
            assert set(rows[column.name].dropna()) <= set(column.choices), column.name


@pytest.mark.parametrize("name", schema.TABLES)
def test_ids_refer_to_things_that_exist(filled: Filled, name: str) -> None:
    rows = filled.rows(name)
    for column, dimension in REFERENCES.items():
        if column in rows:
            assert set(rows[column].dropna()) <= set(filled.rows(dimension)[column]), column


@pytest.mark.parametrize("name", [name for name, table in schema.TABLES.items() if table.is_fact])
def test_facts_lie_within_the_430_days_that_end_with_the_day_asked_for(filled: Filled, name: str) -> None:
    days = pd.to_datetime(filled.rows(name).local_date).dt.date
    assert days.max() <= END_ON
    assert days.min() >= END_ON - timedelta(days=429)


@pytest.mark.parametrize("name", [name for name, table in schema.TABLES.items() if table.key])
def test_natural_keys_are_unique(filled: Filled, name: str) -> None:
    key = list(schema.table(name).key)
    assert not filled.rows(name).duplicated(["source", *key] if schema.table(name).is_fact else key).any()


@pytest.mark.parametrize("name", schema.TABLES)
def test_row_numbers_are_unique(filled: Filled, name: str) -> None:
    assert filled.rows(name).row_number.is_unique


def test_there_are_exactly_as_many_events_as_asked_for(filled: Filled) -> None:
    assert len(filled.rows("events")) == EVENTS == filled.truths["tables"]["events"]


def test_every_pseudonym_in_a_fact_is_a_known_identity(filled: Filled) -> None:
    known = set(filled.members.index)
    for name in schema.TABLES:
        if "identity_key" in filled.rows(name):
            assert set(filled.rows(name).identity_key.dropna()) <= known, name


def test_the_whole_fill_is_one_version_of_the_lake(filled: Filled) -> None:
    assert [(entry.version, entry.kind) for entry in filled.home.lake.manifests.log()] == [(1, "demo")]


def test_phones_belong_to_no_subscriber_and_mail_goes_nowhere(filled: Filled) -> None:
    from core.work.demo import people

    phones = people._values(people.PHONE, 50, 3).to_pylist()
    assert all(len(phone) == 11 and phone.startswith("154") for phone in phones)
    assert all(mail.endswith("@example.invalid") for mail in people._values(people.EMAIL, 5, 3).to_pylist())
