"""The wire shapes of what a page of another origin asks about its own prefill."""

from __future__ import annotations

from marshmallow import fields, validate

from registry.http import StrictSchema
from registry.prefill.schemas import InvitationRequest, PrefillVerifyRequest

_LONGEST = 1 << 17


def _receipt() -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, _LONGEST))


def _pass() -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, _LONGEST), data_key="pass")


class ButtonVerify(PrefillVerifyRequest):
    """A submission as `PrefillVerifyRequest`, with the receipt and the pass of its page."""

    receipt = _receipt()
    pass_ = _pass()


class ButtonInvite(InvitationRequest):
    """Whom to invite, with the receipt and the pass of the page."""

    receipt = _receipt()
    pass_ = _pass()


class ButtonRefill(StrictSchema):
    """The receipt and the pass of the page; ``choices`` as a prefill has them."""

    choices = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["civil_status", "parcels"])),
        values=fields.String(validate=validate.Length(1, 120)),
        load_default=dict,
    )
    receipt = _receipt()
    pass_ = _pass()
