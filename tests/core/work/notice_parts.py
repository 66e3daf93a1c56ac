"""What tests of notices share: a house over a store, something said in it, and who may set up targets."""

from dataclasses import replace
from datetime import UTC, datetime

from core.scope import Operator
from core.settings import Mail
from core.work import notice_targets, notices
from core.work.notice_targets import Wanted
from core.work.notices import Notice
from tests import lakes

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
ADMIN = Operator(1, "ada", "admin")
LIN = "lin@example.com"


def house(folder, store=None, mail_port=25):
    """A live world, over that store, that may send to this machine."""
    made = lakes.home(folder)
    if store is None:
        store = made.store
    else:
        made.store.close()
    mail = Mail("127.0.0.1", mail_port, "none", "cockpit@brand.example")
    settings = replace(made.settings, mail=mail, url="https://cockpit.example", inner_hosts=frozenset({"127.0.0.1"}))
    return replace(made, store=store, settings=settings)


def say(home, *keys, kind="warning.raised", urgency="normal", units=None, now=NOW, **params):
    with home.store.transaction() as session:
        return [notices.say(session, Notice(kind, key, urgency, params or {"rule": key}, units), now) for key in keys]


def target(home, kind, address, name="t", secret=None, now=NOW, **wanted):
    return notice_targets.add(
        home, home.store, ADMIN, kind, address, Wanted(name, language="en", **wanted), secret=secret, now=now
    ).target_id
