"""Settings: a frozen dataclass, read from ``SOGOC_*`` variables and checked once at start.

A variable that is unknown or invalid stops the start and names what to do: a misspelt setting
that is silently ignored is how a production system runs with its safety off.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from registry.kernel import workdays
from registry.kernel.reach import Reach

PREFIX = "SOGOC_"
LONGEST_TOKEN_SECONDS = 600
# A receipt of a prefill is checked by the agency alone, with the published keys, for so long.
LONGEST_RECEIPT_DAYS = 90
_SHORTEST_SECRET = 16
_MOST_WORKDAYS = 250
PERSONA_PATH = "/demo/provider"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class SettingsError(Exception):
    """A setting is unknown or invalid; the message says which and what to do."""


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set. ``from_environ`` reads it, ``create_app`` is given it."""

    database_url: str = _setting(
        "sqlite:///sogoc.db",
        "Primary database: sqlite:///path or postgresql+psycopg://user@host/name.",
    )
    issuer: str = _setting(
        "http://127.0.0.1:8000",
        "The server's own URL: OAuth issuer, audience of assertions, base of every link.",
    )
    environment: str = _setting(
        "production",
        "production or demo; demo allows sandbox clients and http, and marks every answer.",
    )
    key_file: str = _setting(
        "sogoc-keys.json",
        "Signing keys (private JWK set); readable by the server's user only.",
    )
    key_secret: str = _setting(
        "", "Seals the signing keys in their file; best given as SOGOC_KEY_SECRET_FILE."
    )
    upload_dir: str = _setting(
        "sogoc-uploads", "Folder in which submitted files are kept as they came."
    )
    source_dir: str = _setting(
        "sogoc-sources",
        "Folder of secrets for fetching from sources; readable by the server's user only.",
    )
    access_token_seconds: int = _setting(300, "Life of an access token in seconds, at most 600.")
    grant_days: int = _setting(
        30, "Life of what a person grants to a client, and of its refresh tokens, in days."
    )
    prefill_days: int = _setting(
        30, f"For how many days a prefill may be verified, at most {LONGEST_RECEIPT_DAYS}."
    )
    max_identifiers: int = _setting(
        1000, "Most identifiers in one look-up; more answers 400 and no record."
    )
    max_body_bytes: int = _setting(1_000_000, "Largest request body in bytes; more answers 413.")
    max_upload_bytes: int = _setting(
        2_000_000_000, "Largest file that a steward can submit, in bytes; more answers 413."
    )
    client_calls_per_minute: int = _setting(
        6000, "Calls of a client in a minute unless it has its own number; more answers 429, 0 any."
    )
    subject_calls_per_hour: int = _setting(
        120, "How often a client may ask for the same person in an hour; more answers 429, 0 any."
    )
    jwks_hosts: str = _setting(
        "",
        "Hosts whose jwks_uri may be fetched: name, name:port or *.suffix, with commas.",
    )
    jwks_ca_file: str = _setting(
        "", "Certificates (PEM) of private authorities that those hosts may have, too."
    )
    sqlite_synchronous: str = _setting(
        "FULL",
        "SQLite durability: FULL survives power loss, NORMAL only a crash of the process.",
    )
    job_lease_seconds: int = _setting(
        15, "After so many seconds without a heartbeat, another worker takes a job up."
    )
    correction_reply_days: int = _setting(
        2, "Within so many working days a report of a wrong value gets its first reply."
    )
    correction_days: int = _setting(
        10, "Within so many working days a reported value is decided on and corrected."
    )
    correction_extension_days: int = _setting(
        5, "By so many working days a steward may put that off, once."
    )
    holiday_file: str = _setting(
        "", "More years of holidays, or other ones, in the form of registry/kernel/holidays.json."
    )
    pool_size: int = _setting(8, "PostgreSQL connections per serving process.")
    signin_issuer: str = _setting(
        "", "OpenID provider at which people sign in, by its issuer URL; empty: nobody signs in."
    )
    signin_client_id: str = _setting("", "Our client id at that provider.")
    signin_client_secret: str = _setting(
        "", "Our secret there; empty: we authenticate by our signing key (private_key_jwt)."
    )
    signin_scope: str = _setting("openid profile", "Scopes to ask that provider for.")
    signin_person_claim: str = _setting(
        "personal_id", "The provider's claim that holds a person's twelve-digit number."
    )
    signin_mfa_acr: str = _setting(
        "", "The provider's acr values that mean more than one factor, separated by spaces."
    )
    persona_provider: str = _setting(
        "off", "on: the built-in provider of made-up people; in a demo only."
    )
    dpop_nonce: str = _setting(
        "offered",
        "offered or required: whether a DPoP proof must hold a nonce of this server (RFC 9449).",
    )
    trusted_proxies: str = _setting(
        "",
        "Addresses or networks, comma-separated, whose Client-Cert header is believed (RFC 9440).",
    )
    client_cert_header: str = _setting(
        "Client-Cert",
        "The header in which they hand a certificate on; Client_Cert stands for Client-Cert too, so"
        " the proxy drops names with _ or sends one without -, such as ClientCert.",
    )

    mtls_host: str = _setting(
        "",
        "Host, or host:port, at which clients show certificates, offered as mtls_endpoint_aliases"
        " (RFC 8705); it leads to this server by a trusted proxy. Empty: the issuer serves both.",
    )

    def __post_init__(self) -> None:
        """Check what belongs together; raises SettingsError."""
        _one_of("environment", self.environment, ("production", "demo"))
        _one_of("sqlite_synchronous", self.sqlite_synchronous, ("FULL", "NORMAL"))
        _one_of("dpop_nonce", self.dpop_nonce, ("offered", "required"))
        _check_networks(self.trusted_proxies)
        self._check_mtls_host()
        if not re.fullmatch("[A-Za-z]+(-[A-Za-z]+)*", self.client_cert_header):
            raise SettingsError("SOGOC_CLIENT_CERT_HEADER: letters, and - between them")
        if not self.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise SettingsError(
                "SOGOC_DATABASE_URL: write sqlite:///path or postgresql+psycopg://…"
            )
        if not 1 <= self.access_token_seconds <= LONGEST_TOKEN_SECONDS:
            raise SettingsError(
                f"SOGOC_ACCESS_TOKEN_SECONDS: between 1 and {LONGEST_TOKEN_SECONDS}"
            )
        for name in (
            "grant_days",
            "prefill_days",
            "max_identifiers",
            "max_body_bytes",
            "max_upload_bytes",
            "job_lease_seconds",
            "pool_size",
        ):
            if getattr(self, name) < 1:
                raise SettingsError(f"{PREFIX}{name.upper()}: at least 1")
        self._check_sign_in()
        self._check_due_dates()
        if self.key_secret and len(self.key_secret) < _SHORTEST_SECRET:
            raise SettingsError(f"SOGOC_KEY_SECRET: at least {_SHORTEST_SECRET} characters")
        for name in ("client_calls_per_minute", "subject_calls_per_hour"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{PREFIX}{name.upper()}: at least 1, or 0 for no limit")
        try:
            Reach.of(self.jwks_hosts)
        except ValueError as error:
            raise SettingsError(
                f"SOGOC_JWKS_HOSTS: {error} is neither name, name:port nor *.suffix"
            ) from None
        if self.production:
            self._check_production()

    def _check_due_dates(self) -> None:
        for name in ("correction_reply_days", "correction_days", "correction_extension_days"):
            if not 1 <= getattr(self, name) <= _MOST_WORKDAYS:
                raise SettingsError(f"{PREFIX}{name.upper()}: between 1 and {_MOST_WORKDAYS}")
        try:
            workdays.load(self.holiday_file)
        except workdays.BadCalendar as error:
            raise SettingsError(f"SOGOC_HOLIDAY_FILE: {error}") from error

    def _check_mtls_host(self) -> None:
        if not self.mtls_host:
            return
        if not re.fullmatch(r"[0-9a-z]([0-9a-z.-]*[0-9a-z])?(:[0-9]{1,5})?", self.mtls_host):
            raise SettingsError("SOGOC_MTLS_HOST: a host in small letters, or host:port")
        if not self.trusted_proxies:
            raise SettingsError("SOGOC_MTLS_HOST: needs SOGOC_TRUSTED_PROXIES, or none is believed")
        if self.mtls_host == urlsplit(self.issuer).netloc:
            raise SettingsError(
                "SOGOC_MTLS_HOST: another host than the issuer's, or leave it empty"
            )

    @property
    def mtls_url(self) -> str | None:
        """The issuer's URL by the host of mutual TLS; None where no host is set."""
        if not self.mtls_host:
            return None
        return f"https://{self.mtls_host}{urlsplit(self.issuer).path}"

    def _check_sign_in(self) -> None:
        _one_of("persona_provider", self.persona_provider, ("off", "on"))
        if self.persona_provider == "on" and self.production:
            raise SettingsError("SOGOC_PERSONA_PROVIDER: never in production; leave it off")
        if not self.signin_issuer:
            return
        try:
            parts = urlsplit(self.signin_issuer)
        except ValueError:
            raise SettingsError("SOGOC_SIGNIN_ISSUER: not a URL") from None
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
            raise SettingsError("SOGOC_SIGNIN_ISSUER: https is required, without ? and #")
        if not self.signin_client_id:
            raise SettingsError("SOGOC_SIGNIN_CLIENT_ID: needed with SOGOC_SIGNIN_ISSUER")
        if "openid" not in self.signin_scope.split():
            raise SettingsError("SOGOC_SIGNIN_SCOPE: openid must be among them")

    def _check_production(self) -> None:
        local = urlsplit(self.issuer).hostname in {"127.0.0.1", "localhost"}
        if not self.issuer.startswith("https://") and not local:
            raise SettingsError("SOGOC_ISSUER: https is required in production")
        if self.sqlite and self.sqlite_synchronous != "FULL":
            raise SettingsError("SOGOC_SQLITE_SYNCHRONOUS: production needs FULL")

    @property
    def production(self) -> bool:
        """True unless this is a demo of synthetic data."""
        return self.environment == "production"

    @property
    def jwks_reach(self) -> Reach:
        """Where keys of clients may be fetched from; in a demo from this machine, too."""
        return Reach.of(self.jwks_hosts, loopback=not self.production)

    @property
    def sqlite(self) -> bool:
        """True when the primary database is SQLite."""
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read ``SOGOC_*`` (and ``SOGOC_*_FILE`` for a value kept in a file).

        Raises SettingsError for an unknown name (with the nearest known one) or a bad value.
        """
        known = {f.name: f for f in fields(cls)}
        values: dict[str, Any] = {}
        for variable, text in environ.items():
            if not variable.startswith(PREFIX):
                continue
            name, value = _resolve(variable, text, known)
            if name in values:
                raise SettingsError(f"{PREFIX}{name.upper()} is set twice (also as a _FILE)")
            values[name] = _typed(variable, value, known[name].default)
        return cls(**values)


def _resolve(variable: str, text: str, known: Mapping[str, Any]) -> tuple[str, str]:
    name = variable.removeprefix(PREFIX).lower()
    if name in known:
        return name, text
    if name.endswith("_file") and name.removesuffix("_file") in known:
        try:
            return name.removesuffix("_file"), Path(text).read_text("utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{variable}: can't read the file ({error.strerror})") from error
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
    raise SettingsError(f"{variable} is not a setting{hint}")


def _typed(variable: str, text: str, default: Any) -> Any:
    if not isinstance(default, int):
        return text
    try:
        return int(text)
    except ValueError as error:
        raise SettingsError(f"{variable}: a whole number is needed") from error


def _check_networks(addresses: str) -> None:
    for address in filter(None, (each.strip() for each in addresses.split(","))):
        try:
            ip_network(address)
        except ValueError as error:
            raise SettingsError(
                f"SOGOC_TRUSTED_PROXIES: {address} is no address or network"
            ) from error


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{PREFIX}{name.upper()}: one of {', '.join(allowed)}")
