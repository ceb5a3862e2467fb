"""Prefill over HTTP: fill a form, compare what comes back, hear of what has changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import flask
import sqlalchemy as sa
from flask.views import MethodView

from auth.guard import count_subjects, current_principal, require_scope
from auth.principals import Principal
from registry.corrections.rules import Terms as Due
from registry.http import Blueprint, answer, database
from registry.kernel.clock import today
from registry.kernel.db import is_busy
from registry.kernel.errors import FieldError, Invalid, Text, Unavailable
from registry.prefill import consenting, notices, schemas, verifying, watching
from registry.prefill.answering import House
from registry.prefill.disputes import opener
from registry.prefill.kept import require_open, require_prefill
from registry.prefill.profiles import for_procedure
from registry.prefill.registers import wait_for
from registry.prefill.serving import Desk, fill_case
from registry.prefill.shapes import Profile
from registry.prefill.transforms import TRANSFORMS
from registry.prefill.values_today import reader

blp = Blueprint("prefill", __name__, url_prefix="/v1/prefill", description="Điền sẵn / prefill")
_VALUES = reader(TRANSFORMS)
SCOPE = "prefill:read"
_TRIES = 3
_NO_FIELD = Text("Biểu mẫu không có trường này.", "The form has no such field.")


def _state() -> Any:
    return flask.current_app.extensions["sogoc"]


def _profile() -> Profile:
    """Return the profile of the request's procedure; raises NotFound."""
    return for_procedure(current_principal().asker.procedure, today())


def _house() -> House:
    settings = _state().settings
    return House(_state().keys.sign, settings.issuer, settings.prefill_days)


@blp.route("")
class Prefills(MethodView):
    """Filling forms."""

    @require_scope(SCOPE)
    @blp.arguments(schemas.PrefillRequest)
    @blp.response(200, schemas.PrefillFilled)
    def post(self, data: dict[str, Any]) -> flask.Response:
        """Điền sẵn biểu mẫu của thủ tục / fill the form of the procedure."""
        principal, profile = current_principal(), _profile()
        _require_known(profile, data.get("keys", ()))
        # Whoever stands at a counter has said yes to this very case, and is in no list to try.
        about = data.get("personal_id") or principal.person_id
        count_subjects([about] if about and "invitation" not in data else [])
        wait_for(_state().faults.raise_for, principal.person_id)
        if "personal_id" in data:
            # The notice of a task by law comes first, and outside the snapshot: notices are
            # numbered one after another, and in a snapshot the second at once would fail.
            with database().transaction() as session:
                consenting.rests_on(session, principal, profile, data)
        for left in reversed(range(_TRIES)):
            try:
                return answer(_fill(principal, profile, data))
            except sa.exc.OperationalError as error:
                # Another case took the consent meanwhile; what is there now says which it serves.
                if not left or not is_busy(error):
                    raise
        raise Unavailable


def _fill(principal: Principal, profile: Profile, data: Mapping[str, Any]) -> dict[str, Any]:
    state = _state()
    desk = Desk(state.predicates, state.faults.raise_if_down, _house())
    with database().transaction(snapshot=True) as session:
        return fill_case(session, principal, profile, data, desk)


def _require_known(profile: Profile, keys: Sequence[str]) -> None:
    known = {field.key for field in profile.fields}
    errors = [
        FieldError(f"/keys/{place}", "unknown", _NO_FIELD)
        for place, key in enumerate(keys)
        if key not in known
    ]
    if errors:
        raise Invalid(errors=errors)


@blp.route("/invitations")
class CounterInvitations(MethodView):
    """Codes at a counter."""

    @require_scope(SCOPE)
    @blp.response(201, schemas.InvitationAnswer)
    def post(self) -> flask.Response:
        """Mời người dân tại quầy đồng ý bằng mã / let the citizen at a counter agree by a code."""
        with database().transaction() as session:
            made = consenting.invite_citizen(session, current_principal(), _profile())
        return answer(consenting.with_link(made, _state().settings.issuer), 201)


@blp.route("/events")
class Events(MethodView):
    """Notices of change."""

    @require_scope(SCOPE)
    @blp.arguments(schemas.EventsQuery, location="query")
    @blp.response(200, schemas.PrefillEventsAnswer)
    def get(self, data: dict[str, Any]) -> flask.Response:
        """Báo thay đổi của dữ liệu đã dùng / notices that used values have changed."""
        with database().transaction() as session:
            told = notices.read_events(session, current_principal(), data["after"], data["limit"])
        return answer(told)


@blp.route("/<prefill_id>")
class One(MethodView):
    """One prefill."""

    @require_scope(SCOPE)
    @blp.response(200, schemas.PrefillAnswer)
    def get(self, prefill_id: str) -> flask.Response:
        """Dữ liệu đã dùng có đổi không / has anything that was used changed."""
        with database().transaction(snapshot=True) as session:
            watched = watching.read_prefill(session, current_principal(), prefill_id, _VALUES)
        response = answer(watched.answer)
        response.set_etag(watched.tag)
        response.make_conditional(flask.request)
        return response


@blp.route("/<prefill_id>/verify")
class Verify(MethodView):
    """Verification at submission."""

    @require_scope(SCOPE)
    @blp.arguments(schemas.PrefillVerifyRequest)
    @blp.response(200, schemas.PrefillVerifyAnswer)
    def post(self, data: dict[str, Any], prefill_id: str) -> flask.Response:
        """Đối chiếu giá trị khi nộp hồ sơ / compare what is submitted with what was given."""
        principal = current_principal()
        with database().transaction() as session:
            told = verifying.verify(
                session,
                principal,
                prefill_id,
                data["fields"],
                _VALUES,
                opener(Due.of(_state().settings)),
            )
        return answer(told)


@blp.route("/<prefill_id>/invitations")
class Invitations(MethodView):
    """Codes for other adults."""

    @require_scope(SCOPE)
    @blp.arguments(schemas.InvitationRequest)
    @blp.response(201, schemas.InvitationAnswer)
    def post(self, data: dict[str, Any], prefill_id: str) -> flask.Response:
        """Mời người khác đồng ý trên điện thoại của họ / let another adult agree for themselves."""
        with database().transaction() as session:
            require_open(require_prefill(session, current_principal(), prefill_id))
            made = consenting.invite_to(
                session, current_principal(), _profile(), data["role"], data["number"]
            )
        return answer(consenting.with_link(made, _state().settings.issuer), 201)


@blp.route("/<prefill_id>/close")
class Close(MethodView):
    """The end of a prefill."""

    @require_scope(SCOPE)
    @blp.response(200, schemas.PrefillCloseAnswer)
    def post(self, prefill_id: str) -> flask.Response:
        """Đóng khi hồ sơ đã giải quyết xong / close when the case is decided."""
        with database().transaction() as session:
            return answer(watching.close(session, current_principal(), prefill_id))
