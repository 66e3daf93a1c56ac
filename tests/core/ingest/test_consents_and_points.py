"""Files of consents and of points: guessed in both languages, previewed, brought, brought again, and refused with reasons."""

import csv
import io
from pathlib import Path

import pytest

from core.errors import InvalidMapping
from core.work.home import Home
from core.work.ingest import preview, rejects
from core.work.ingest.guess import Sample, guess
from core.work.ingest.importing import Imported
from core.work.ingest.mapping import validate
from tests.bringing import bring, counts, empty_home, facts, mapping

CONSENTS = """客户编号,授权时间,用途,渠道,是否同意,协议版本,凭证
M1,2026-03-01 10:00:00,营销,短信,同意,v2,注册页勾选
M1,2026-05-01 10:00:00,营销,短信,撤回,v2,短信退订
M2,2026-03-02 10:00:00,个性化推荐,全部,是,v2,
M3,2026-03-03 10:00:00,营销,短信,,v2,
M4,2026-03-03 10:00:00,营销,飞鸽,同意,v2,
M5,2026-03-03 10:00:00,营销,短信,未询问,v2,
,2026-03-03 10:00:00,营销,短信,同意,v2,
"""
POINTS = """entry_id,member_id,time,points,type,expiry_date,order_no
e1,M1,2026-03-01 10:00:00,120,earn,2027-03-01,A1
e2,M1,2026-04-01 10:00:00,50,redeem,,A2
e3,M1,2026-04-02 10:00:00,-20,expired,,
e4,M1,2026-04-03 10:00:00,-5,refund,,A1
e5,M1,2026-04-04 10:00:00,7,gift from above,,
e6,M1,2026-04-05 10:00:00,,earn,,
"""


def sample(text: str) -> Sample:
    header, *rows = (line.split(",") for line in text.strip().splitlines())
    return Sample("data.csv", {name: [row[i] or None for row in rows] for i, name in enumerate(header)})


def reasons(home: Home, done: Imported) -> list[str]:
    """The reason of each refused row, in the order of the file."""
    lines = list(csv.reader(io.StringIO(rejects.read(home, done.batch).decode("utf-8-sig"))))
    place = next(i for i, name in enumerate(lines[0]) if "reason" in name)
    return [line[place] for line in lines[1:]]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("客户编号,授权时间,用途,渠道,是否同意", "M1,2026-03-01,营销,短信,同意"),
        ("手机号,操作时间,授权类型,授权渠道,授权状态,隐私政策版本", "13800000001,2026-03-01 10:00:00,marketing,短信,已撤销,v1"),
        ("customer_id,consent_date,purpose,channel,consent", "M1,2026-03-01,marketing,sms,yes"),
        ("user_id,timestamp,purpose,channel,status,policy_version,proof", "M1,2026-03-01T10:00:00Z,marketing,sms,opt-out,v1,form"),
    ],
)  # fmt: skip
def test_consents_are_told_by_their_header(header: str, row: str) -> None:
    found = guess(sample(f"{header}\n{row}"))
    assert (found.mapping.table, found.missing) == ("consents", ())
    validate(found.mapping)
    assert set(found.mapping.values.get("state", {"given": "given"}).values()) <= {"given", "withdrawn"}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("会员卡号,变动时间,积分,变动类型,流水号", "C1,2026-03-01 10:00:00,100,获得,e1"),
        ("积分流水号,手机号,时间,积分变动,积分类型,到期时间,订单号", "e1,13800000001,2026-03-01,-10,兑换,,A1"),
        ("entry_id,customer_id,timestamp,points,kind,expires_at,order_no", "e1,M1,2026-03-01,10,earned,2027-03-01,A1"),
        ("id,member_id,date,points,transaction_type,expiry_date", "e1,M1,2026-03-01,10,earn,2027-03-01"),
    ],
)
def test_points_are_told_by_their_header(header: str, row: str) -> None:
    found = guess(sample(f"{header}\n{row}"))
    assert (found.mapping.table, found.missing) == ("points", ())
    validate(found.mapping)


def test_consents_are_brought_as_they_were_said_and_nothing_is_agreed_to_by_default(tmp_path: Path) -> None:
    with empty_home(tmp_path) as home:
        by = guess(sample(CONSENTS)).mapping
        done = bring(home, CONSENTS, by)
        assert counts(done) == (7, 3, 0, 4)
        assert facts(home, "consents", "purpose", "channel", "state", "policy_version", "proof") == [
            ("marketing", "sms", "given", "v2", "注册页勾选"),
            ("marketing", "sms", "withdrawn", "v2", "短信退订"),
            ("profiling", None, "given", "v2", None),
        ]
        assert reasons(home, done) == [
            "value.missing:state", "value.unknown:channel", "value.unknown:state", "identity.missing",
        ]  # fmt: skip
        assert counts(bring(home, CONSENTS, by, name="again.csv")) == (7, 0, 3, 4)


def test_points_spent_or_expired_lessen_the_balance_whatever_sign_the_source_wrote(tmp_path: Path) -> None:
    with empty_home(tmp_path) as home:
        by = guess(sample(POINTS)).mapping
        done = bring(home, POINTS, by)
        assert counts(done) == (6, 4, 0, 2)
        told = facts(home, "points", "entry_id", "points", "kind", "order_no", "expires_at")
        assert [row[:4] for row in told] == [
            ("e1", 120, "earned", "A1"), ("e2", -50, "spent", "A2"), ("e3", -20, "expired", None), ("e4", -5, "adjusted", "A1"),
        ]  # fmt: skip
        assert str(told[0][4]) == "2027-02-28 16:00:00"
        assert reasons(home, done) == ["value.unknown:kind", "value.missing:points"]
        assert counts(bring(home, POINTS, by, name="again.csv")) == (6, 0, 4, 2)


def test_the_guess_of_a_file_tells_what_each_cell_means(home: Home) -> None:
    file = home.settings.home / "consents.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CONSENTS)
    found = preview.guessed(home, file)
    assert (found.mapping.table, found.missing) == ("consents", ())
    assert found.mapping.values["state"] == {"同意": "given", "撤回": "withdrawn", "是": "given"}
    assert found.mapping.nulls == ("全部",)


@pytest.mark.parametrize("rule", [{"constants": {"state": "given"}}, {"values": {"state": {"*": "given"}}}])
def test_a_rule_that_gives_consent_by_default_is_refused(rule: dict) -> None:
    columns = {"occurred_at": "time", "purpose": "what"} | ({"state": "said"} if "values" in rule else {})
    by = mapping("consents", columns=columns, identities={"user_id": "who"}, **rule)
    with pytest.raises(InvalidMapping, match="never given by default"):
        validate(by)


def test_a_rule_that_reads_anything_unknown_as_withdrawn_is_taken() -> None:
    validate(
        mapping(
            "consents", columns={"occurred_at": "time", "purpose": "what", "state": "said"}, identities={"user_id": "who"},
            values={"state": {"*": "withdrawn", "ok": "given"}},
        )
    )  # fmt: skip
