"""Clients and agreements: who is registered how, and which agreement counts on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, RSAKey

from auth.agreements import create_agreement, end_agreement
from auth.clients import create_client, disable_client
from auth.principals import Agreement
from registry.kernel.clock import fixed
from registry.kernel.errors import Conflict, Invalid, NotFound
from tests.auth.signing import EC, public
from tests.conftest import Service

FIRST = Agreement(
    "",
    "ward-office",
    "2.000001",
    {"citizens": frozenset({"name.full"})},
    {"citizens": frozenset({"personal_id"})},
    "Luật Cư trú 68/2020/QH14",
    date(2026, 1, 1),
)


@pytest.mark.parametrize("name", ["", "a b", "phường", "x" * 101, "a\u0000", "a/b", "a:b"])
def test_a_malformed_client_id_is_refused(service: Service, name: str) -> None:
    with pytest.raises(Invalid), service.database.transaction() as session:
        create_client(session, name, "x", ["citizens:read"])


def test_a_client_id_is_given_once(service: Service) -> None:
    with pytest.raises(Conflict), service.database.transaction() as session:
        create_client(session, "ward-office", "x", ["citizens:read"])


def test_an_unknown_scope_is_refused(service: Service) -> None:
    with pytest.raises(Invalid), service.database.transaction() as session:
        create_client(session, "other", "x", ["citizens:read", "citizens:write"])


@pytest.mark.parametrize(
    "jwks",
    [
        {},
        {"keys": []},
        {"keys": None},
        {"keys": ["x"]},
        {"keys": [{"kty": "EC"}]},
        {"keys": [EC.as_dict(private=True)]},
        {"keys": [OctKey.generate_key(256).as_dict(private=True)]},
        public(ECKey.generate_key("P-384")),
        {"keys": [*public(EC)["keys"], {"kty": "LMS", "pub": "x"}]},
    ],
    ids=range(9),
)
def test_keys_that_can_not_authenticate_are_refused(service: Service, jwks: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused, service.database.transaction() as session:
        create_client(session, "other", "x", ["citizens:read"], jwks)
    assert [error.pointer for error in refused.value.errors] == ["/jwks"]


def test_a_short_rsa_key_is_refused(service: Service) -> None:
    with pytest.warns(SecurityWarning):
        short = public(RSAKey.generate_key(1024))
        with pytest.raises(Invalid), service.database.transaction() as session:
            create_client(session, "other", "x", ["citizens:read"], short)


def test_an_agreement_needs_its_client(service: Service) -> None:
    with pytest.raises(NotFound), service.database.transaction() as session:
        create_agreement(session, replace(FIRST, client_id="nobody"))
    with pytest.raises(NotFound), service.database.transaction() as session:
        end_agreement(session, "01980000-0000-7000-8000-000000000001")
    with pytest.raises(NotFound), service.database.transaction() as session:
        disable_client(session, "nobody")


def _held(service: Service, day: datetime, procedure: str = "2.000001") -> Agreement | None:
    """Return what a worker that starts on ``day`` would apply."""
    with fixed(day):
        verifier = service.app.extensions["sogoc"].verifier
        verifier.verify(service.token())
        found: Agreement | None = verifier.agreement("ward-office", procedure)
    return found


def test_an_agreement_is_in_force_from_its_first_day_to_the_day_before_its_end(
    service: Service,
) -> None:
    bounded = replace(FIRST, valid_from=date(2026, 3, 1), valid_to=date(2026, 4, 1))
    with service.database.transaction() as session:
        create_agreement(session, bounded)
    # Midnight in Viet Nam is 17:00 UTC of the day before.
    assert _held(service, datetime(2026, 2, 28, 16, 59, tzinfo=UTC)) is None
    assert _held(service, datetime(2026, 2, 28, 17, 0, tzinfo=UTC)) is not None
    assert _held(service, datetime(2026, 3, 31, 16, 59, tzinfo=UTC)) is not None
    assert _held(service, datetime(2026, 3, 31, 17, 0, tzinfo=UTC)) is None


def test_the_newest_agreement_in_force_wins(service: Service) -> None:
    newer = replace(FIRST, attributes={"citizens": frozenset({"sex"})}, valid_from=date(2026, 6, 1))
    with service.database.transaction() as session:
        create_agreement(session, newer)
        create_agreement(session, FIRST)
    before = _held(service, datetime(2026, 5, 1, tzinfo=UTC))
    after = _held(service, datetime(2026, 7, 1, tzinfo=UTC))
    assert before is not None
    assert after is not None
    assert before.attributes["citizens"] == {"name.full"}
    assert after.attributes["citizens"] == {"sex"}


def test_an_agreement_is_for_one_client_and_one_procedure(service: Service) -> None:
    with service.database.transaction() as session:
        create_client(session, "other", "x", ["citizens:read"])
        create_agreement(session, replace(FIRST, client_id="other"))
    assert _held(service, datetime(2026, 7, 1, tzinfo=UTC)) is None
    assert _held(service, datetime(2026, 7, 1, tzinfo=UTC), "1.004222") is not None
