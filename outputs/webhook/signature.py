"""Signatures of requests as "Standard Webhooks" has them, so that receivers can use its libraries.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac

from netad.core.errors import ConfigError

PREFIX = "whsec_"
LEAST_BYTES = 16


def key_of(secret: str) -> bytes:
    """Return the key of a secret: of one that begins with `whsec_` what follows in Base64, else the text's bytes.

    Raises:
        ConfigError: it is no Base64, or too short to keep anybody out.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else None
    except binascii.Error as error:
        raise ConfigError(f"the secret of the web hook begins with {PREFIX} but does not go on in Base64") from error
    key = secret.encode() if key is None else key
    if len(key) < LEAST_BYTES:
        raise ConfigError(f"the secret of the web hook is too short: {LEAST_BYTES} bytes are the least")
    return key


def signature(key: bytes, identity: str, timestamp: int, body: bytes) -> str:
    """Return `v1,` and the HMAC-SHA256 in Base64 of `identity.timestamp.body`; `timestamp` is seconds since 1970."""
    digest = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
