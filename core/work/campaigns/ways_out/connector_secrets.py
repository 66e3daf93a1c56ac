"""What of a connector nobody may read, encrypted with a key of the world, bound to the connector."""

import json
from collections.abc import Mapping

from core.privacy.pseudonyms import Keys
from core.privacy.vault import Vault
from core.store.campaign_tables import Connector

PURPOSE = "connectors"


def seal(keys: Keys, connector_id: int, secrets: Mapping[str, str]) -> bytes:
    return Vault(keys, PURPOSE).seal([json.dumps(dict(secrets))], [_label(connector_id)])[0]


def unseal(keys: Keys, connector: Connector) -> dict[str, str]:
    """Raises ``WrongKey``."""
    told: dict[str, str] = json.loads(Vault(keys, PURPOSE).open(connector.sealed, _label(connector.id)))
    return told


def _label(connector_id: int) -> bytes:
    return b"connector" + connector_id.to_bytes(8, "big")
