"""What tests of connectors share: settings and secrets of each kind that are in order."""

from core.work.campaigns.ways_out import connectors
from tests.core.work.notice_parts import ADMIN, NOW
from tests.fakes import aliyun_sms, official, tencent_sms, wecom
from tests.fakes.robots import KEY

HOOK = "https://hooks.example.com/in?token=hush"
SECRET = "whsec_" + "b2xk" * 10
SECRETS = {
    "wecom": {"secret": wecom.SECRET, "callback_token": "a-token", "callback_key": "a" * 43},
    "robot": {"key": KEY},
    "official_account": {"secret": official.SECRET},
    "mini_program": {"secret": official.SECRET},
    "aliyun_sms": {"secret": aliyun_sms.SECRET},
    "tencent_sms": {"secret": tencent_sms.SECRET},
    "email": {"password": "correct horse"},
    "webhook": {"address": HOOK, "secret": SECRET},
    "console": {},
}
SETTINGS = {
    "wecom": {"corp_id": wecom.CORP, "agent_id": wecom.AGENT},
    "robot": {},
    "official_account": {"app_id": official.APP},
    "mini_program": {"app_id": official.APP},
    "aliyun_sms": {"key_id": aliyun_sms.KEY_ID, "signature": aliyun_sms.SIGNATURE},
    "tencent_sms": {"secret_id": tencent_sms.SECRET_ID, "sms_app_id": tencent_sms.APP, "signature": tencent_sms.SIGNATURE},
    "email": {"host": "mail.example.com", "from_address": "news@brand.example", "from_name": "某某旗舰店"},
    "webhook": {},
    "console": {},
}  # fmt: skip


def add(home, kind, name=None, *, is_on=False, secrets=None, operator=ADMIN, now=NOW, **settings):
    """The number of a new connector."""
    told = connectors.add(
        home, home.store, operator, kind, name or kind, SETTINGS[kind] | settings, SECRETS[kind] | (secrets or {}), now=now
    )  # fmt: skip
    if is_on:
        connectors.switch(home, home.store, operator, told.connector_id, is_on=True, revision=1, now=now)
    return told.connector_id
