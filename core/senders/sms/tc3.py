"""TC3-HMAC-SHA256, by which Tencent Cloud knows who asks. The key is made from the secret, the UTC day and the service; a clock five minutes off is refused."""

import hashlib
import hmac
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json; charset=utf-8"
SIGNED = "content-type;host"


def authorization(secret_id: str, secret: str, service: str, host: str, body: bytes, at: datetime) -> str:
    """The ``Authorization`` line of a POST to ``/`` with a body of JSON, sent with ``CONTENT_TYPE``. ``at``: as ``X-TC-Timestamp`` says, to the second."""
    lines = f"content-type:{CONTENT_TYPE}\nhost:{host}\n"
    canonical = "\n".join(("POST", "/", "", lines, SIGNED, _digest(body)))
    day = at.astimezone(UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    signed = "\n".join((ALGORITHM, str(int(at.timestamp())), scope, _digest(canonical.encode())))
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = _mac(key, part)
    return f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={SIGNED}, Signature={_mac(key, signed).hex()}"


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
