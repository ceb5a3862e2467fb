"""Rich authorization requests, RFC 9396: which values, for which procedure, of whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from authlib.oauth2 import OAuth2Error

from auth.oauth.metadata import DETAILS as TYPE
from auth.principals import Agreement

_MEMBERS = frozenset({"type", "procedure", "attributes", "optional", "subjects"})
_LISTS = ("attributes", "optional", "subjects")
_MOST_BYTES = 16_384
_MOST_DETAILS = 10
_MOST_ENTRIES = 130
_PATH = re.compile(r"[a-z_]{1,40}:[a-z0-9_.]{1,100}")
_SUBJECT = re.compile(r"[a-z_]{1,40}")
_PROCEDURE = re.compile(r"[0-9A-Za-z.:-]{1,50}")

Details = list[dict[str, Any]]
# Returns the agreement in force today for a client and a procedure.
Find = Callable[[str, str], Agreement | None]


class InvalidAuthorizationDetails(OAuth2Error):  # type: ignore[misc]  # the library has no types
    """RFC 9396 section 5."""

    error = "invalid_authorization_details"


def read_details(text: str, client_id: str, find: Find) -> Details:
    """Return the canonical details of a request; raises InvalidAuthorizationDetails.

    Each is ``{"type": "sogoc_prefill", "procedure", "attributes", "optional", "subjects"}``:
    attributes as ``register:path``, ``optional`` those of them that the person may leave out,
    ``subjects`` whose, for example ``self``. Members are sorted, so that equal details are equal
    bytes. An unknown type or member is refused, and so is an attribute that the client's
    agreement for the procedure doesn't hold.
    """
    try:
        given = orjson.loads(text) if len(text) <= _MOST_BYTES else None
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_DETAILS:
        raise InvalidAuthorizationDetails("authorization_details must be a JSON array")
    details = [_read(each, client_id, find) for each in given]
    if len({detail["procedure"] for detail in details}) > 1:
        # A consent is for one purpose (Law 91/2025/QH15): nobody agrees to several at once.
        raise InvalidAuthorizationDetails("one request is for one procedure")
    return details


def _read(given: Any, client_id: str, find: Find) -> dict[str, Any]:
    if not isinstance(given, dict) or given.get("type") != TYPE:
        raise InvalidAuthorizationDetails(f"the only type is {TYPE}")
    if not given.keys() <= _MEMBERS:
        raise InvalidAuthorizationDetails("an authorization detail has an unknown member")
    procedure = given.get("procedure")
    if not isinstance(procedure, str) or not _PROCEDURE.fullmatch(procedure):
        raise InvalidAuthorizationDetails("procedure must be the code of a procedure")
    attributes, optional, subjects = (_texts(given, name) for name in _LISTS)
    if not attributes or not all(map(_PATH.fullmatch, attributes)):
        raise InvalidAuthorizationDetails("attributes must be a list of register:path")
    if not set(optional) <= set(attributes):
        raise InvalidAuthorizationDetails("optional must be among the attributes")
    if not all(map(_SUBJECT.fullmatch, subjects)):
        raise InvalidAuthorizationDetails("subjects must be a list of roles, such as self")
    _check_agreement(find(client_id, procedure), attributes)
    return {
        "type": TYPE,
        "procedure": procedure,
        "attributes": attributes,
        "optional": optional,
        "subjects": subjects or ["self"],
    }


def _texts(given: dict[str, Any], name: str) -> list[str]:
    values = given.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidAuthorizationDetails(f"{name} must be a list of texts")
    if len(values) > _MOST_ENTRIES:
        raise InvalidAuthorizationDetails(f"{name} has more than {_MOST_ENTRIES} entries")
    return sorted(set(values))


def _check_agreement(agreement: Agreement | None, attributes: Sequence[str]) -> None:
    outside = sorted(
        each for each in set(attributes) if agreement is None or not agreement.holds(each)
    )
    if outside:
        raise InvalidAuthorizationDetails(f"outside the agreement: {' '.join(outside)}")


def narrowed(text: str, granted: Details, client_id: str, find: Find) -> Details:
    """Return the details asked for again, which must be among those ``granted``.

    RFC 9396 section 6.1: a token never gets more than the person agreed to.
    """
    wanted = read_details(text, client_id, find)
    if any(each not in granted for each in wanted):
        raise InvalidAuthorizationDetails("more than was granted")
    return wanted
