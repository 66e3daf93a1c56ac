"""Signatures against the examples that the providers print themselves."""

from datetime import UTC, datetime

from core.senders.sms import acs3, tc3


def test_acs3_gives_the_signature_that_aliyun_prints():
    """help.aliyun.com, "V3版本请求体&签名机制", section "固定参数示例"; the same vector stands in several public signers' tests."""
    image = "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    query = acs3.query({"RegionId": "cn-shanghai", "ImageId": image})
    headers = {
        "x-acs-version": "2014-05-26",
        "Host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-content-sha256": acs3.digest(b""),
    }
    line = acs3.authorization("YourAccessKeyId", "YourAccessKeySecret", "POST", "/", query, headers, b"")
    assert line == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_a_query_is_sorted_and_encoded_as_rfc_3986_has_it():
    assert acs3.query({"b": " a!*'()~+/", "a": "某,1"}) == "a=%E6%9F%90%2C1&b=%20a%21%2A%27%28%29~%2B%2F"


TENCENT = r'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'


def tencent(secret_id: str, secret: str) -> str:
    at = datetime(2019, 2, 25, 16, 44, 25, tzinfo=UTC)
    return tc3.authorization(secret_id, secret, "cvm", "cvm.tencentcloudapi.com", TENCENT.encode(), at)


def test_tc3_gives_the_signatures_that_tencent_prints():
    """cloud.tencent.com 213/30654, "签名方法 v3": the asterisks are part of the printed key; the second is of the page's earlier edition."""
    scope = "/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature="
    stars = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******"
    assert tencent(stars, "Gu5t9xGARNpq86cd98joQYCN3*******") == (
        f"TC3-HMAC-SHA256 Credential={stars}{scope}2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c"
    )
    example = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
    assert tencent(example, "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE") == (
        f"TC3-HMAC-SHA256 Credential={example}{scope}72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_the_day_of_a_signature_is_that_of_utc_whatever_the_clock_shows():
    from zoneinfo import ZoneInfo

    here = datetime(2019, 2, 26, 0, 44, 25, tzinfo=ZoneInfo("Asia/Shanghai"))
    line = tc3.authorization("a", "b", "cvm", "cvm.tencentcloudapi.com", TENCENT.encode(), here)
    assert "/2019-02-25/" in line
