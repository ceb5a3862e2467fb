"""Where our answers are not those of the certified server, and why."""

from __future__ import annotations

from typing import NamedTuple

from tests.interop.target import Answer


class Difference(NamedTuple):
    """Both answers, and the reason, with what it goes by."""

    ours: Answer
    theirs: Answer
    reason: str


_FINE: Answer = (200, "")
_PUSHED: Answer = (201, "")
_CODE: Answer = (303, "code")
_PAGE: Answer = (400, "page")
_NOWHERE: Answer = (404, "")
_CLIENT: Answer = (401, "invalid_client")
_REQUEST: Answer = (400, "invalid_request")
_GRANT: Answer = (400, "invalid_grant")
_SCOPE: Answer = (400, "invalid_scope")
_PROOF: Answer = (400, "invalid_dpop_proof")
_NONCE: Answer = (400, "use_dpop_nonce")
_FORM: Answer = (415, "invalid_request")
_METHOD: Answer = (405, "invalid_request")
_TYPE: Answer = (400, "unsupported_response_type")
_JWT: Answer = (400, "unsupported_token_type")

# Each reason with the answers that it explains: ours, then theirs.
_REASONS: dict[str, dict[str, tuple[Answer, Answer]]] = {
    "Whatever is wrong with how a client authenticates is `invalid_client`, with one text: also"
    " none at all, or a way that is not offered (RFC 6749 section 5.2).": {
        "assertion: no JWT": (_CLIENT, _REQUEST),
        "assertion: empty": (_CLIENT, _REQUEST),
        "assertion: type wrong": (_CLIENT, _REQUEST),
        "assertion: type missing": (_CLIENT, _REQUEST),
        "assertion: client_id of the other client": (_CLIENT, _REQUEST),
        "authentication: none": (_CLIENT, _REQUEST),
        "authentication: Basic that is no Basic": (_CLIENT, _REQUEST),
        "authentication: Bearer": (_CLIENT, _REQUEST),
        "par: client_id of the other client": (_CLIENT, _REQUEST),
        "par: client_id of nobody": (_CLIENT, _REQUEST),
        "code: not authenticated": (_CLIENT, _REQUEST),
        "revoke: not authenticated": (_CLIENT, _REQUEST),
        "introspect: not authenticated": (_CLIENT, _REQUEST),
    },
    "An assertion of ours lives five minutes at most: a stolen one is soon worth nothing (RFC 7523"
    " section 3 leaves the limit to the server).": {
        "assertion: exp in a day": (_CLIENT, _FINE),
    },
    "FAPI 2.0 section 5.3.2.1 refuses an assertion issued more than 60 seconds from now.": {
        "assertion: iat in 65 seconds": (_CLIENT, _FINE),
    },
    "Of several keys a client names the one it signed by (OpenID Connect Core section 10.1).": {
        "assertion: no kid": (_CLIENT, _FINE),
    },
    "A request authenticates in one way only (RFC 6749 section 2.3); the other server does not look"
    " at a secret that none of its clients have.": {
        "authentication: two, assertion and secret": (_REQUEST, _FINE),
    },
    "`unsupported_response_type` is the error of RFC 6749 section 4.1.2.1 for all of them.": {
        "par: response_type id_token": (_TYPE, _REQUEST),
        "par: response_type code id_token": (_TYPE, _REQUEST),
    },
    "A code comes back in the query and in no other way, as the metadata say; for any other value"
    " RFC 6749 section 4.1.2.1 has `invalid_request`.": {
        "par: response_mode fragment": (_REQUEST, _PUSHED),
        "par: response_mode form_post": (_REQUEST, _PUSHED),
        "par: response_mode unknown": (_REQUEST, (400, "unsupported_response_mode")),
    },
    "A scope that a client can't have is refused and never dropped in silence (RFC 6749 section"
    " 3.3): nobody shall find out by a refusal of the API. What only a person can give is no scope"
    " for a client alone.": {
        "par: scope unknown": (_SCOPE, _PUSHED),
        "par: scope unknown alone": (_SCOPE, _PUSHED),
        "token: scope unknown": (_SCOPE, _FINE),
        "token: scope of people": (_SCOPE, _FINE),
    },
    "A `request_uri` inside a pushed request is an invalid request (RFC 9126 section 2.1); that it"
    " isn't supported at all would be untrue.": {
        "par: request_uri inside": (_REQUEST, (400, "request_uri_not_supported")),
    },
    "Not pushed is the first that is wrong with it (RFC 9126 section 5).": {
        "authorize: not pushed, a request object": (
            (303, "invalid_request"),
            (303, "request_not_supported"),
        ),
    },
    "Of a pushed request the pushed parameters count, and others beside it are not looked at (RFC"
    " 9101 section 6.3).": {
        "authorize: another response_type beside": (_CODE, _PAGE),
    },
    "Nobody agrees here once for all, so there is always a page to be shown; at the other server"
    " the browser of this probe has no session (OpenID Connect Core section 3.1.2.6).": {
        "authorize: prompt none": ((303, "interaction_required"), (303, "login_required")),
    },
    "The address is there and knows only other methods (RFC 9110 section 15.5.6).": {
        "par: by GET": (_METHOD, _NOWHERE),
        "token: by GET": (_METHOD, _NOWHERE),
        "revoke: by GET": (_METHOD, _NOWHERE),
        "introspect: by GET": (_METHOD, _NOWHERE),
    },
    "A POST to the authorization endpoint is a person's decision on a page of ours; the other"
    " server has none (RFC 6749 section 3.1 leaves POST to the server).": {
        "authorize: fine, by POST": (_PAGE, _NOWHERE),
    },
    "What is no form has its own status (RFC 9110 section 15.5.16), with the same error.": {
        "par: as JSON": (_FORM, _REQUEST),
        "par: as text": (_FORM, _REQUEST),
        "token: as JSON": (_FORM, _REQUEST),
        "token: as text": (_FORM, _REQUEST),
        "revoke: as JSON": (_FORM, _REQUEST),
        "introspect: as JSON": (_FORM, _REQUEST),
    },
    "A parameter that is needed and missing is `invalid_request` (RFC 6749 section 5.2);"
    " `invalid_grant` is for a verifier that is wrong (RFC 7636 section 4.6).": {
        "code: verifier missing": (_REQUEST, _GRANT),
        "code: verifier empty": (_REQUEST, _GRANT),
    },
    "A redirect URI that was named when asking is named when redeeming (RFC 6749 section 4.1.3).": {
        "code: redirect_uri missing": (_GRANT, _FINE),
    },
    "Whatever is wrong with a proof, that it is missing or was used too, is `invalid_dpop_proof`"
    " (RFC 9449 section 5): `invalid_grant` would send a client after another code.": {
        "code: no proof": (_PROOF, _GRANT),
        "refresh: no proof": (_PROOF, _GRANT),
        "proof: missing": (_PROOF, _GRANT),
        "proof: replayed": (_PROOF, _GRANT),
    },
    "A refresh token is not rotated, so it is bound to the client's key besides the client:"
    " stricter than RFC 9449 section 5, which binds those of public clients only.": {
        "refresh: with another key": (_GRANT, _FINE),
    },
    "A client that is not registered for a grant type is `unauthorized_client` (RFC 6749 section"
    " 5.2).": {
        "token: grant_type not the client's": ((400, "unauthorized_client"), _REQUEST),
    },
    "A proof counts for a minute, and ten seconds ahead, where the other server takes five minutes"
    " either way: RFC 9449 section 11.1 asks for a short time.": {
        "proof: iat 62 seconds ago": (_PROOF, _FINE),
        "proof: iat in 65 seconds": (_PROOF, _FINE),
    },
    "Out of its time a proof is refused for what is wrong with it. The other server names a nonce"
    " instead, with which it looks at no time at all.": {
        "proof: iat an hour ago": (_PROOF, _NONCE),
        "proof: iat in an hour": (_PROOF, _NONCE),
        "proof: iat beyond numbers": (_PROOF, _NONCE),
    },
    "An empty nonce is one that we did not make (RFC 9449 section 4.3, check 10).": {
        "proof: nonce empty": (_NONCE, _FINE),
    },
    "An id that is kept for as long as the proof counts has a length that ends somewhere.": {
        "proof: jti of 257 letters": (_PROOF, _FINE),
    },
    "RFC 9449 section 4.2 gives one value for `typ`, and it is compared as it stands.": {
        "proof: typ in capitals": (_PROOF, _FINE),
    },
    "What is no token of ours is answered as RFC 7009 section 2.2 and RFC 7662 section 2.2 say,"
    " whatever it looks like; the other server reads no JWT here.": {
        "revoke: unknown token that looks like a JWT": (_FINE, _JWT),
        "introspect: unknown token that looks like a JWT": ((200, "inactive"), _JWT),
    },
    "`invalid_grant` is what RFC 6749 section 5.2 has for what was issued to another client.": {
        "revoke: the other client's token": (_GRANT, _REQUEST),
        "revoke: the other client's refresh token": (_GRANT, _REQUEST),
    },
    "Introspection is for those who are shown access tokens; nobody is shown a refresh token but"
    " the server that made it.": {
        "introspect: a refresh token": ((200, "inactive"), (200, "active")),
    },
    "A client that gives an access token up goes on with its refresh token, which RFC 7009 section"
    " 2.1 leaves to the server; giving up the refresh token ends both.": {
        "refresh: after its access token was revoked": (_FINE, _GRANT),
    },
}

DIFFERENT: dict[str, Difference] = {
    name: Difference(*answers, reason)
    for reason, probes in _REASONS.items()
    for name, answers in probes.items()
}

_HEAD = """\
# Where we answer otherwise than a certified server

`tests/interop/test_probes.py` sends {count} good and bad requests to this server and to the npm
package oidc-provider, certified by the OpenID Foundation, with FAPI 2.0 on and the same clients.
{alike} are answered alike, by status and error; here is the rest, and why. The test also fails
once a difference is none any more, or when this page is not `tests/interop/differences.py`.

What was revoked is asked for a second later, for then every worker of ours knows.
"""


def rendered(count: int) -> str:
    """Return the page on the differences among ``count`` probes."""
    parts = [_HEAD.format(count=count, alike=count - len(DIFFERENT))]
    for reason, probes in _REASONS.items():
        rows = [f"| {name} | {_told(a)} | {_told(b)} |\n" for name, (a, b) in probes.items()]
        parts.append(f"{reason}\n\n| request | ours | theirs |\n|---|---|---|\n{''.join(rows)}")
    return "\n".join(parts)


def _told(answer: Answer) -> str:
    status, said = answer
    return f"{status} {f'`{said}`' if said else ''}".rstrip()
