"""The pass of a page: what it shows, beside a receipt, to ask again about the same prefill.

A receipt is evidence and travels: agencies keep it, people print it. So it opens nothing by
itself. A page that the button has filled gets a pass too, for some hours and for its own origin;
nothing of it is kept here, and no agency needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from registry.kernel.clock import now
from registry.kernel.errors import Refused, Text
from registry.prefill.receipts import Sign

TYPE = "sogoc-button+jwt"
_ALGORITHMS = ["ES256"]
_LONGEST = 4096
# As long as somebody may take to fill a form in, with a meal between.
_LIFE = timedelta(hours=12)
_OVER = Text(
    "Trang này để quá lâu hoặc không phải trang đã được điền: hãy bấm điền sẵn lại.",
    "The page was left too long, or is not the one that was filled: press the button again.",
)


@dataclass(frozen=True, slots=True)
class Pass:
    """Which page of which client's may ask about which prefill."""

    client_id: str
    prefill_id: str
    origin: str


def make_pass(sign: Sign, issuer: str, held: Pass) -> str:
    """Return the pass as a compact JWS of the type ``sogoc-button+jwt``."""
    ends = int((now() + _LIFE).timestamp())
    claims = {"iss": issuer, "aud": held.client_id, "jti": held.prefill_id, "origin": held.origin}
    return sign(TYPE, claims | {"exp": ends})


def read_pass(keys: KeySet, token: str) -> Pass:
    """Return what a pass of ours says; raises Refused for any other, and one that is over."""
    if len(token) > _LONGEST:
        raise Refused(_OVER)
    try:
        decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
        claims = decoded.claims
        if decoded.header.get("typ") != TYPE or claims["exp"] <= now().timestamp():
            raise Refused(_OVER)
        return Pass(claims["aud"], claims["jti"], claims["origin"])
    except (JoseError, ValueError, KeyError, TypeError):
        raise Refused(_OVER) from None
