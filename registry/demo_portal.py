"""The demo's portal: a client whose pages carry the prefill button, for every procedure."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from auth.agreements import create_agreement
from auth.clients import create_client
from auth.models import Client
from auth.principals import Agreement
from auth.registration import change_client
from registry.kernel.clock import today
from registry.prefill.filling import needed_attributes
from registry.prefill.profiles import codes_in_force, list_profiles
from registry.web.demo_forms import CLIENT

_SINCE = date(2026, 1, 1)


def let_portal_ask(session: Session, issuer: str) -> None:
    """Register the portal, unless it is, with the addresses of today's port.

    Pages of the demo itself may carry its button, and those of the port behind it: there anybody
    can serve a page of another origin.
    """
    if session.get(Client, CLIENT) is None:
        # Nobody gets to see the secret: the portal's pages need none.
        create_client(session, CLIENT, "Cổng dịch vụ công thử nghiệm", ["prefill:read"])
        for profile in list_profiles():
            for code in codes_in_force(profile, today()):
                basis = next(iter(profile.bases.values()))
                held = needed_attributes(profile)
                told = f"{basis.act}, {basis.article}"
                create_agreement(session, Agreement("", CLIENT, code, held, {}, told, _SINCE))
    changes = {
        "grant_types": ["authorization_code"],
        "button_origins": [issuer, other_origin(issuer)],
    }
    change_client(session, CLIENT, changes, production=False)


def other_origin(issuer: str) -> str:
    """Return the origin of the next port, which belongs to nobody."""
    own = urlsplit(issuer)
    return f"{own.scheme}://{own.hostname}:{(own.port or 0) + 1}"


def tour(base: str) -> str:
    """Return the lines that tell where the forms are."""
    return f"""
# Biểu mẫu điền sẵn, bấm "Điền từ Sổ Gốc" / forms that fill themselves: be Mai, or Lan for a sketch
#   {base}/demo/form/1.013225   giấy phép xây dựng / building permit
#   {base}/demo/form/1.001193   khai sinh, hai cha mẹ / birth, with two parents"""
