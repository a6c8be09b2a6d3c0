"""TLS 1.3 and nothing older: told to gRPC by being imported before it, for it reads its settings once."""

from __future__ import annotations

import os
from typing import Final

_SUITES: Final = "GRPC_SSL_CIPHER_SUITES"
# gRPC has no least version, and its list of suites is of TLS 1.2 alone. This one needs a key that both sides share
# beforehand, which nobody has: no handshake below TLS 1.3 comes to an end. The suites of TLS 1.3 are not listed.
_NEVER_AGREED: Final = "ECDHE-PSK-CHACHA20-POLY1305"

os.environ[_SUITES] = _NEVER_AGREED
