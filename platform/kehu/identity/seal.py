"""The key of digests that tell the erased again."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

_BETWEEN = "\x1f"
_SEALED_BYTES = 8


@dataclass(frozen=True, slots=True)
class Seal:
    """Digests (HMAC-SHA256) under one key."""

    key: bytes

    @property
    def check(self) -> str:
        """What tells this key from others without telling the key."""
        return self.digest("check", "kehu")

    def digest(self, kind: str, value: str) -> str:
        """64 hexadecimal digits."""
        return hmac.new(self.key, _BETWEEN.join((kind, value)).encode(), sha256).hexdigest()

    def number(self, value: int) -> int:
        """A hash of a row's content in place of one that anybody could compute: 64 bits, signed."""
        found = hmac.new(self.key, f"row{_BETWEEN}{value}".encode(), sha256).digest()
        return int.from_bytes(found[:_SEALED_BYTES], signed=True)
