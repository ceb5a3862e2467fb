"""What is registered of a client besides its keys and scopes, checked before it is kept.

The names and rules are those of RFC 7591 and OpenID Connect Dynamic Client Registration; who
registers is the operator, by command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.orm import Session

from auth.clients import count_change, require_client
from auth.key_file import ALGORITHMS
from auth.models import Client
from auth.oauth.metadata import EXCHANGE, GRANTS
from auth.oauth.userinfo import ENCRYPTION_ALGORITHMS, ENCRYPTION_METHODS, encryption_key
from registry.kernel.errors import FieldError, Invalid, Text

# By the names of the columns; these may have no value at all.
OPTIONAL = ("sector", "userinfo_alg", "userinfo_encryption", "calls_per_minute", "contact")
ENCRYPTIONS = {
    f"{alg}:{enc}": {"alg": alg, "enc": enc}
    for alg in ENCRYPTION_ALGORITHMS
    for enc in ENCRYPTION_METHODS
}
_MOST_URIS, _LONGEST_URI = 20, 2000
_LONGEST_CONTACT = 200
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
# What RFC 3986 lets stand in a URI, without the fragment, the wildcard and what browsers mend.
_URI = re.compile(r"[0-9A-Za-z:/?\[\]@!$&'()+,;=._~%-]+")
_HOST = re.compile(r"(?=.{1,253}$)[0-9a-z]([0-9a-z-]*[0-9a-z])?(\.[0-9a-z]([0-9a-z-]*[0-9a-z])?)*")
_CONTACT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def change_client(
    session: Session, client_id: str, changes: Mapping[str, Any], *, production: bool
) -> Client:
    """Change what is registered of a client; every worker knows it within a second.

    ``changes`` are values by the names of the columns of `auth.models.Client`: ``redirect_uris``,
    ``grant_types``, ``button_origins``, ``sector``, ``id_token_alg``, ``userinfo_alg``,
    ``userinfo_encryption`` (its ``alg`` and ``enc``), ``calls_per_minute``, ``contact``,
    ``rotates_refresh``. None takes away what is `OPTIONAL`. Raises NotFound, and Invalid with
    everything that is wrong; nothing is changed then.
    """
    client = require_client(session, client_id)
    _check_each(changes, production=production)
    kept = {name: getattr(client, name) for name in _CHECKS} | dict(changes)
    _raise(_together(client, kept))
    for name, value in changes.items():
        setattr(client, name, value)
    count_change(session)
    return client


def _check_each(changes: Mapping[str, Any], *, production: bool) -> None:
    errors = []
    for name, value in changes.items():
        if value is None and name in OPTIONAL:
            continue
        text = _CHECKS[name](value, production)
        if text is not None:
            errors.append(FieldError(f"/{name}", name, text))
    _raise(errors)


def _raise(errors: list[FieldError]) -> None:
    if errors:
        raise Invalid(errors=errors)


def _redirect_uris(uris: Any, production: bool) -> Text | None:
    if len(uris) > _MOST_URIS or len(set(uris)) != len(uris):
        return Text(
            f"Nhiều nhất {_MOST_URIS} địa chỉ chuyển hướng khác nhau.",
            f"At most {_MOST_URIS} redirect URIs, each once.",
        )
    wrong = next((uri for uri in uris if not _may_redirect(uri, loopback=not production)), None)
    if wrong is None:
        return None
    local = (
        Text("", "")
        if production
        else Text("; http chỉ cho máy này", "; http for this machine alone")
    )
    return Text(
        f"Địa chỉ chuyển hướng phải là https://… đầy đủ, không có #, * hay tên người dùng, tên máy"
        f" chữ thường{local.vi}: {wrong!r}.",
        f"A redirect URI is a whole https://… without #, * and user, with the host in small"
        f" letters{local.en}: {wrong!r}.",
    )


def _may_redirect(uri: str, *, loopback: bool) -> bool:
    """FAPI 2.0 section 5.3.2.2-8; a scheme of an app's own is nobody's (RFC 9700 section 4.11)."""
    if len(uri) > _LONGEST_URI or not _URI.fullmatch(uri):
        return False
    try:
        parts = urlsplit(uri)
        # Raises ValueError for a port that is none.
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    safe = parts.scheme == "https" and (_HOST.fullmatch(host) is not None or host == "::1")
    local = loopback and parts.scheme == "http" and host in _LOOPBACK
    return (safe or local) and uri.startswith(_beginning(parts, host, port))


def _beginning(parts: SplitResult, host: str, port: int | None) -> str:
    """Return how a URI with these parts begins: what is written otherwise compares otherwise."""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}") + "/"


def _button_origins(origins: Any, production: bool) -> Text | None:
    """Check origins as browsers send them (RFC 6454 section 6.2), with nothing behind the port."""
    if len(origins) > _MOST_URIS or len(set(origins)) != len(origins):
        return Text(
            f"Nhiều nhất {_MOST_URIS} trang gốc khác nhau.",
            f"At most {_MOST_URIS} origins, each once.",
        )
    wrong = next((each for each in origins if not _is_origin(each, loopback=not production)), None)
    if wrong is None:
        return None
    return Text(
        f"Trang gốc là https://tên-máy[:cổng], chữ thường, không có gì phía sau: {wrong!r}.",
        f"An origin is https://host[:port] in small letters, with nothing behind: {wrong!r}.",
    )


def _is_origin(origin: str, *, loopback: bool) -> bool:
    default = {"https": ":443", "http": ":80"}.get(origin.partition(":")[0], "")
    whole = _may_redirect(f"{origin}/", loopback=loopback)
    return whole and "/" not in origin.partition("://")[2] and not origin.endswith(default)


def _grant_types(types: Any, _: bool) -> Text | None:
    if types and set(types) <= set(GRANTS):
        return None
    known = ", ".join(GRANTS)
    return Text(f"Cách cấp mã là một trong: {known}.", f"Grant types are among: {known}.")


def _algorithm(alg: Any, _: bool) -> Text | None:
    if alg in ALGORITHMS:
        return None
    known = ", ".join(ALGORITHMS)
    return Text(f"Thuật toán ký là một trong: {known}.", f"The algorithm is one of: {known}.")


def _encryption(wanted: Any, _: bool) -> Text | None:
    if wanted in ENCRYPTIONS.values():
        return None
    known = ", ".join(ENCRYPTIONS)
    return Text(f"Cách mã hóa là một trong: {known}.", f"The encryption is one of: {known}.")


def _sector(sector: Any, _: bool) -> Text | None:
    if _HOST.fullmatch(sector):
        return None
    return Text(
        "Nhóm ứng dụng là một tên máy, như forms.example.vn.",
        "A sector is the name of a host, such as forms.example.vn.",
    )


def _calls(calls: Any, _: bool) -> Text | None:
    if calls >= 0:
        return None
    return Text(
        "Số lượt mỗi phút từ 0 (không giới hạn) trở lên.",
        "Calls a minute are 0, for no limit, or more.",
    )


def _contact(contact: Any, _: bool) -> Text | None:
    if len(contact) <= _LONGEST_CONTACT and _CONTACT.fullmatch(contact):
        return None
    return Text("Liên hệ là một địa chỉ thư điện tử.", "The contact is an e-mail address.")


def _flag(_value: Any, _: bool) -> None:
    """Every flag is fine."""


_CHECKS: Mapping[str, Callable[[Any, bool], Text | None]] = {
    "redirect_uris": _redirect_uris,
    "grant_types": _grant_types,
    "button_origins": _button_origins,
    "sector": _sector,
    "id_token_alg": _algorithm,
    "userinfo_alg": _algorithm,
    "userinfo_encryption": _encryption,
    "calls_per_minute": _calls,
    "contact": _contact,
    "rotates_refresh": _flag,
}
REGISTERED = tuple(_CHECKS)
_NEEDS = {
    "refresh_token": Text(
        "refresh_token cần authorization_code.", "refresh_token needs authorization_code."
    ),
    EXCHANGE: Text(
        "Đổi mã để làm thay cần authorization_code.", "Token exchange needs authorization_code."
    ),
}


def _together(client: Client, kept: Mapping[str, Any]) -> list[FieldError]:
    """Return what is wrong with the parts of a registration beside each other."""
    types, errors = kept["grant_types"], []
    if "authorization_code" in types:
        # A page with the button is answered at an address of ours.
        if not kept["redirect_uris"] and not kept["button_origins"]:
            text = Text(
                "authorization_code cần ít nhất một địa chỉ chuyển hướng.",
                "authorization_code needs a redirect URI.",
            )
            errors.append(FieldError("/redirect_uris", "redirect_uris", text))
    else:
        errors += [
            FieldError("/grant_types", "grant_types", text)
            for grant, text in _NEEDS.items()
            if grant in types
        ]
    if kept["rotates_refresh"] and "refresh_token" not in types:
        text = Text("Đổi mã làm mới cần refresh_token.", "Rotation needs refresh_token.")
        errors.append(FieldError("/rotates_refresh", "rotates_refresh", text))
    if kept["userinfo_encryption"] is not None and encryption_key(client) is None:
        text = Text(
            'Mã hóa cần một khóa EC có "use": "enc" trong tập khóa đã đăng ký.',
            'Encryption needs an EC key with "use": "enc" in the registered set.',
        )
        errors.append(FieldError("/userinfo_encryption", "userinfo_encryption", text))
    return errors
