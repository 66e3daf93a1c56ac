"""Whether a connector is set up rightly: asked at once, within a short time, without anybody getting a message."""

from datetime import datetime

from core.errors import Refusal
from core.scope import Operator
from core.senders.sender import NotSent
from core.senders.wecom.tokens import WRONG
from core.store import connectors
from core.store.session import Store
from core.work.campaigns.ways_out.connectors import tested
from core.work.campaigns.ways_out.ways import Ways
from core.work.home import Home

WITHIN_S = 6.0


def test(home: Home, log: Store, operator: Operator, connector_id: int, *, now: datetime) -> str | None:
    """Null where it is well, else the code of what is wrong; kept with the connector. WeCom and WeChat: a token; text messages: a question that is signed; e-mail: encryption and log-in; a webhook: a
    signed ping; a robot: a text without a word.

    A secret that WeCom has called wrong is not tried again before somebody changes it, for WeCom bans who asks on. Raises ``Forbidden``, ``Unknown``."""
    operator.require("connector.write")
    with home.store.reading() as session:
        connector = connectors.one(session, connector_id)
    if connector.test_error in WRONG:
        return connector.test_error
    error = _error(home, connector_id, now)
    tested(home, log, operator, connector_id, error, revision=connector.revision, now=now)
    return error


def _error(home: Home, connector_id: int, now: datetime) -> str | None:
    ways = Ways(home, within_s=WITHIN_S)
    try:
        with home.store.reading() as session:
            client = ways.client(connectors.one(session, connector_id))
        client.check(now)
    except (NotSent, Refusal) as error:
        return error.code[:64]
    return None
