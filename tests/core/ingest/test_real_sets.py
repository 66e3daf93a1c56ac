"""The public sets come out as published (data-contract.md 11 to 13; ../shared/data/SOURCES.md)."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pandas as pd
import pytest

from core.work.home import Home
from core.work.ingest import rejects
from core.work.ingest.importing import Imported
from core.work.questions import retention, rfm
from core.work.questions.reading import reading
from tests.bringing import ECOM, ONLINE_RETAIL, bring, counts, empty_home, named, shared


@dataclass
class Brought:
    home: Home
    first: Imported
    tables: dict[str, int]
    again: Imported

    def frame(self, table: str) -> pd.DataFrame:
        """The Parquet files of a table, read past our reader."""
        with self.home.lake.open() as snapshot:
            files = snapshot.files(table)
        rows = duckdb.connect().execute(
            "SELECT * FROM read_parquet($1, hive_partitioning=true, union_by_name=true)", [files]
        )
        return rows.to_arrow_table().to_pandas()


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brought]:
    with empty_home(tmp_path_factory.mktemp("retail")) as home:
        first = bring(home, shared(ONLINE_RETAIL), named(home, "online_retail"))
        tables = home.lake.manifests.latest().tables
        yield Brought(home, first, tables, bring(home, ONLINE_RETAIL, named(home, "online_retail")))


@pytest.fixture(scope="module")
def ecom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brought]:
    with empty_home(tmp_path_factory.mktemp("ecom")) as home:
        first = bring(home, shared(ECOM), named(home, "ecom"))
        tables = home.lake.manifests.latest().tables
        yield Brought(home, first, tables, bring(home, ECOM, named(home, "ecom")))


def test_online_retail_is_read_whole_and_two_negative_prices_are_rejected(retail: Brought) -> None:
    assert counts(retail.first) == (541_909, 541_907, 0, 2)
    assert retail.first.currency == "GBP"
    content = rejects.read(retail.home, retail.first.batch).decode()
    assert [line.split(",")[:3] for line in content.splitlines()] == [
        ["_row", "_reason", "InvoiceNo"],
        ["299984", "price.negative", "A563186"],
        ["299985", "price.negative", "A563187"],
    ]


def test_online_retail_money_equals_the_published_figures(retail: Brought) -> None:
    lines = retail.frame("order_lines")
    known, nameless = lines[lines["identity_key"].notna()], lines[lines["identity_key"].isna()]
    sales = known[known["line_kind"] == "sale"]
    orders = sales.groupby("order_no")["amount_minor"].sum()
    strangers = nameless[nameless["line_kind"] == "sale"].groupby("order_no")["amount_minor"].sum()
    assert {
        "gross": sales["amount_minor"].sum(),
        "refunds": -known[known["line_kind"] == "refund"]["amount_minor"].sum(),
        "orders": (orders > 0).sum(),
        "buyers": sales[sales["order_no"].isin(orders[orders > 0].index)]["identity_key"].nunique(),
        "members": known["identity_key"].nunique(),
        "anonymous": strangers.sum(),
        "anonymous_orders": (strangers > 0).sum(),
    } == {
        "gross": 891_140_790,
        "refunds": 61_134_209,
        "orders": 18_532,
        "buyers": 4_338,
        "members": 4_372,
        "anonymous": 175_527_664,
        "anonymous_orders": 1_428,
    }


def test_online_retail_lines_equal_a_plain_reading_of_the_file(retail: Brought) -> None:
    lines = retail.frame("order_lines").sort_values("row_number")
    plain = pd.read_csv(ONLINE_RETAIL, dtype=str, keep_default_na=False)
    plain = plain[plain["UnitPrice"].astype(float) >= 0]
    assert list(lines["order_no"]) == list(plain["InvoiceNo"])
    assert list(lines["amount_minor"]) == [
        round(round(float(q) * float(p) * 100, 4)) for q, p in zip(plain["Quantity"], plain["UnitPrice"], strict=True)
    ]
    assert list(lines["local_date"].astype(str).str[:10]) == list(plain["InvoiceDate"].str[:10])
    assert (lines["line_kind"] == "adjustment").sum() == 1_336


def test_online_retail_buyers_fall_into_eight_classes_and_four_tiers_that_add_up(retail: Brought) -> None:
    """Beside pandas on the lines as imported; 4,338 buyers as published."""
    lines = retail.frame("order_lines")
    linked = lines[lines["identity_key"].notna()]
    orders = linked[linked["line_kind"] == "sale"].groupby("order_no").agg(
        who=("identity_key", "max"), day=("local_date", "min"), gross=("amount_minor", "sum")
    )  # fmt: skip
    orders = orders[orders["gross"] > 0]
    back = linked[linked["line_kind"] == "refund"].groupby("identity_key")["amount_minor"].sum()
    people = orders.groupby("who").agg(day=("day", "max"), orders=("gross", "size"), gross=("gross", "sum"))
    net = people["gross"] + back.reindex(people.index).fillna(0)
    days = pd.Series([(orders["day"].max() - one).days for one in people["day"]], index=people.index)
    with reading(retail.home) as lake:
        for method in rfm.METHODS:
            found = rfm.worth(lake, rfm.Asked(method=method))
            assert found is not None
            at = found.cuts
            place = 4 * (net < at.net_minor) + 2 * (days > at.days_since_last_order) + (people["orders"] < at.orders)
            counted = place.value_counts().reindex(range(8), fill_value=0).tolist()
            assert found.rows["members"].tolist() == [*counted, 4338]
            assert found.tiers["members"].iloc[:-1].sum() == found.tiers["members"].iloc[-1] == 4338
        assert rfm.standings(lake).num_rows == 4338
        assert int(found.rows["net_minor"].iloc[-1]) == int(net.sum())


def test_online_retail_first_cohort_comes_back_as_published(retail: Brought) -> None:
    asked = retention.Asked(
        ("order_placed",), ("order_placed",), unit="month", brackets=tuple(range(14)), entry="first_ever"
    )
    with reading(retail.home) as lake:
        rows = retention.rows(retention.retention(lake, asked))
    first = [row for row in rows if str(row["cohort"]).startswith("2010-12")]
    row = "885 324 286 340 321 352 321 309 313 350 331 445 235"
    assert [first[0]["size"], *(one["returned"] for one in first[1:])] == [int(one) for one in row.split()]


def test_online_retail_brings_its_products_under_their_last_names(retail: Brought) -> None:
    products = retail.frame("products")
    plain = pd.read_csv(ONLINE_RETAIL, dtype=str, keep_default_na=False)
    sold = plain[
        ~plain["InvoiceNo"].str.startswith("C")
        & ~plain["Quantity"].str.startswith("-")
        & (plain["UnitPrice"].astype(float) >= 0)
    ]
    last = sold[sold["Description"].str.strip() != ""].groupby("StockCode")["Description"].last().str.strip()
    assert products["product_id"].nunique() == len(products) == sold["StockCode"].nunique()
    assert dict(zip(products["product_id"], products["name"], strict=True)) | dict(last) == dict(
        zip(products["product_id"], products["name"], strict=True)
    )


def test_ecom_has_thirty_duplicates_and_all_its_events(ecom: Brought) -> None:
    assert counts(ecom.first) == (31_106, 31_076, 30, 0)
    events = ecom.frame("events")
    plain = pd.read_csv(ECOM).drop_duplicates()
    assert events["name"].value_counts().to_dict() == plain["event"].value_counts().to_dict()
    assert events["identity_key"].nunique() == 600
    assert events["session_id"].nunique() == 3_605


@pytest.mark.parametrize("name", ["retail", "ecom"])
def test_the_same_file_again_changes_nothing(name: str, request: pytest.FixtureRequest) -> None:
    brought: Brought = request.getfixturevalue(name)
    read, accepted, duplicate, rejected = counts(brought.again)
    assert (accepted, rejected) == (0, brought.first.rejected)
    assert read == duplicate + rejected == brought.first.read
    assert brought.home.lake.manifests.latest().tables == brought.tables
