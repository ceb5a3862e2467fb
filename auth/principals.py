"""Who asks: the client behind a token, for which purpose, under which agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from auth.bindings import Binding
from registry.kernel.access_log import Asker
from registry.kernel.errors import Text
from registry.kernel.fields import Catalogue, Selection


@dataclass(frozen=True, slots=True)
class Purpose:
    """The procedure (its code) and the agency's case for which data is asked."""

    procedure: str
    case: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one client may read, and search by, for one procedure: paths by register.

    The paths mean nothing here; each register compares them with its own catalogue.
    ``valid_to`` is the first day on which it no longer holds, None while open. ``series`` is what
    the versions of one agreement share; ``state`` is draft, approved or rejected. ``legal_task``
    is a state agency's task by law, which needs nobody's consent (Law 91/2025/QH15, article 19).
    """

    id: str
    client_id: str
    procedure: str
    attributes: Mapping[str, frozenset[str]]
    search: Mapping[str, frozenset[str]]
    legal_basis: str
    valid_from: date
    valid_to: date | None = None
    series: str = ""
    version: int = 1
    state: str = "approved"
    legal_task: bool = False

    def holds(self, attribute: str) -> bool:
        """Say whether it has a ``register:path`` by its name or by that of a group around it.

        Whether a group reaches what is sensitive in it is for the register to say, which knows.
        """
        register, _, path = attribute.partition(":")
        steps = path.split(".")
        groups = {".".join(steps[:length]) for length in range(1, len(steps) + 1)}
        return not groups.isdisjoint(self.attributes.get(register, ()))

    def in_force(self, day: date) -> bool:
        """Say whether the agreement holds on ``day``."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Authentication:
    """How the person behind a token has proved who they are (OpenID Connect Core section 2).

    ``subject`` is what the client knows them by, ``auth_time`` in seconds since 1970; ``acr`` is
    empty where the provider didn't say.
    """

    subject: str
    acr: str
    amr: tuple[str, ...]
    auth_time: int

    @property
    def claims(self) -> dict[str, str | int]:
        """What a token of the person tells of it."""
        return ({"acr": self.acr} if self.acr else {}) | {"auth_time": self.auth_time}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts for the person of a token (RFC 8693 section 4.1), and by which token they began.

    ``subject`` is what the client knows them by. Their grant or that token revoked, it is over.
    """

    person_id: str
    subject: str
    grant_id: str
    jti: str


_NOT_GRANTED = Text(
    "Người dân không đồng ý chia sẻ: {}.", "The person has not agreed to share: {}."
)


@dataclass(frozen=True)
class Principal:
    """The one who asks, as every verb is given it.

    ``until`` is when the token or the day ends that this holds for, in seconds since 1970.
    ``binding`` is what was held against the sender of the one request that this was made for.
    ``authentication`` is how the person, if there is one, has signed in, or ``actor`` if somebody
    acts for the person. ``granted`` is what the person agreed to for this purpose, paths by
    register, and ``whose`` the one record id of which it may be told; None where no person stands
    behind it, or for ``whose`` an officer at the counter.
    """

    client_id: str
    scopes: frozenset[str]
    trace_id: str
    purpose: Purpose | None = None
    agreement: Agreement | None = None
    person_id: str | None = None
    until: float = 0.0
    binding: Binding | None = None
    authentication: Authentication | None = None
    actor: Actor | None = None
    grant_id: str | None = None
    granted: Mapping[str, frozenset[str]] | None = None
    whose: str | None = None
    _none: frozenset[str] = field(default=frozenset(), repr=False)

    def attributes(self, register: str) -> frozenset[str]:
        """Return the paths of ``register`` that the agreement lets the client read."""
        return self.agreement.attributes.get(register, self._none) if self.agreement else self._none

    def select(self, catalogue: Catalogue, fields: tuple[str, ...]) -> Selection:
        """Return the selection of ``fields`` that the agreement, and the person, allow.

        Raises Malformed for unknown fields and Refused for those outside. Who lets something
        derived be known (an age) need not let be known what it is made of (a birth date).
        """
        selection = catalogue.compile(fields, self.attributes(catalogue.register))
        if self.granted is not None:
            catalogue.require_within(
                selection, self.granted.get(catalogue.register, self._none), _NOT_GRANTED
            )
        return selection

    def may_know(self, record_id: str) -> bool:
        """Say whether the principal may be told of the person with that record id at all."""
        return self.whose is None or record_id == self.whose

    def search(self, register: str) -> frozenset[str]:
        """Return the criteria by which the agreement lets the client search ``register``."""
        return self.agreement.search.get(register, self._none) if self.agreement else self._none

    @cached_property
    def asker(self) -> Asker:
        """The principal as the access log writes it; empty texts where there is no purpose."""
        return Asker(
            client_id=self.client_id,
            procedure=self.purpose.procedure if self.purpose else "",
            case=self.purpose.case if self.purpose else "",
            legal_basis=self.agreement.legal_basis if self.agreement else "",
            trace_id=self.trace_id,
            person_id=self.actor.person_id if self.actor else self.person_id,
            acting_for=self.person_id if self.actor else None,
            whose=self.whose,
        )
