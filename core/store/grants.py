"""Permissions for one more message of a template, as members gave them: each message spends one."""

from datetime import datetime

from sqlalchemy import update

from core.store.campaign_tables import SubscriptionGrant
from core.store.session import Session, changed_rows, upsert


def tell(
    session: Session, connector_id: int, identity_key: int, template_id: str, *, is_accepted: bool, now: datetime
) -> None:
    """Yes is one more; anything else takes back those that were given before."""
    values = {"connector_id": connector_id, "identity_key": identity_key, "template_id": template_id, "changed_at": now}
    statement = upsert(session, SubscriptionGrant).values(**values, grants=int(is_accepted))
    more = {"grants": SubscriptionGrant.grants + 1 if is_accepted else 0, "changed_at": now}
    keys = ["connector_id", "identity_key", "template_id"]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=more))


def spend(session: Session, connector_id: int, identity_key: int, template_id: str, now: datetime) -> bool:
    """One is used up. False: there was none."""
    here = update(SubscriptionGrant).where(
        SubscriptionGrant.connector_id == connector_id,
        SubscriptionGrant.identity_key == identity_key,
        SubscriptionGrant.template_id == template_id,
        SubscriptionGrant.grants > 0,
    )
    return bool(changed_rows(session, here.values(grants=SubscriptionGrant.grants - 1, changed_at=now)))
