"""ACS3-HMAC-SHA256, by which Aliyun knows who asks: over the method, the path, the sorted query, the headers and a digest of the body."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def query(parameters: Mapping[str, str]) -> str:
    """Sorted by name and encoded as RFC 3986 has it; a request must carry it in exactly this form."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(parameters.items()))


def authorization(
    key_id: str, secret: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> str:
    """The ``Authorization`` line. ``query`` as the function of that name writes it; every header given is signed."""
    told = sorted((name.lower(), value.strip()) for name, value in headers.items())
    names = ";".join(name for name, _ in told)
    lines = "".join(f"{name}:{value}\n" for name, value in told)
    canonical = "\n".join((method, path, query, lines, names, digest(body)))
    signed = f"{ALGORITHM}\n{digest(canonical.encode())}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _quoted(text: str) -> str:
    return quote(text, safe="~")
