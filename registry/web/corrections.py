"""«Báo sai»: say that a registered value is wrong, and follow what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import flask
from werkzeug import Response

from auth.signin.door import require_session
from registry.kernel.errors import NotFound, Text
from registry.web.citizen import person, principal_for
from registry.web.errors import blueprint
from registry.web.information import Reading
from registry.web.ports import CaseShown, Corrections, Report, web
from registry.web.rendering import page
from registry.web.shown import Row

blp = blueprint("web_corrections")
REASONS = {
    "moved": Text("Đã thay đổi, nơi giữ dữ liệu chưa cập nhật", "It has changed since"),
    "misspelt": Text("Ghi sai chính tả hoặc sai số", "It is misspelt or mistyped"),
    "foreign_event": Text("Sự kiện ở nước ngoài chưa được ghi", "It happened abroad"),
    "other": Text("Lý do khác", "Another reason"),
}
LONGEST_VALUE, LONGEST_NOTE = 500, 2000
_NAMED = ("of", "register", "record", "path")


@dataclass(frozen=True, slots=True)
class Form:
    """What a person has filled in so far."""

    proposed: str = ""
    reason: str = ""
    note: str = ""

    def errors(self) -> dict[str, Text]:
        """Return by field what has to be mended."""
        found = {}
        if not self.proposed:
            found["proposed"] = Text("Hãy ghi giá trị đúng.", "Write what it should be.")
        elif len(self.proposed) > LONGEST_VALUE:
            found["proposed"] = _too_long(LONGEST_VALUE)
        if self.reason not in REASONS:
            found["reason"] = Text("Hãy chọn một lý do.", "Choose a reason.")
        if len(self.note) > LONGEST_NOTE:
            found["note"] = _too_long(LONGEST_NOTE)
        return found


def _too_long(most: int) -> Text:
    return Text(f"Tối đa {most} ký tự.", f"At most {most} characters.")


@blp.get("/citizen/corrections")
@require_session
def overview() -> flask.Response:
    """Các lần báo sai / everything that was reported."""
    who = person()
    with web().database.transaction() as session:
        found = _port().list_cases_of(session, who)
    return page("corrections", cases=[(case, _label(case)) for case in found])


@blp.get("/citizen/corrections/new")
@require_session
def start() -> flask.Response:
    """Mẫu báo sai / the form."""
    where = flask.request.args.to_dict()
    return _form(where, _row(where), Form(), {})


@blp.post("/citizen/corrections/new")
@require_session
def go_on() -> Response:
    """Kiểm tra rồi gửi / check the answers, then send them."""
    given = flask.request.form
    form = Form(*(given.get(key, "").strip() for key in ("proposed", "reason", "note")))
    where, row, errors = given.to_dict(), _row(given.to_dict()), form.errors()
    if errors:
        return _form(where, row, form, errors)
    if given.get("step") == "change":
        return _form(where, row, form, {})
    if given.get("step") != "send":
        return page("correction_check", row=row, where=_only(where), form=form, reasons=REASONS)
    report = Report(
        person(),
        where["of"],
        row.register,
        row.record_id,
        row.path,
        row.text,
        form.proposed,
        form.reason,
        form.note,
    )
    with web().database.transaction() as session:
        key = _port().open_case(session, report)
    return flask.redirect(flask.url_for("web_corrections.one", record_id=key, sent="1"), 303)


@blp.get("/citizen/corrections/<record_id>")
@require_session
def one(record_id: str) -> flask.Response:
    """Một lần báo sai và các hạn / one case and what is due when."""
    who = person()
    with web().database.transaction() as session:
        found = _port().find_case(session, who, record_id)
    sent = "sent" in flask.request.args
    return page("correction", case=found, label=_label(found), reasons=REASONS, sent=sent)


def _form(
    where: Mapping[str, str], row: Row, form: Form, errors: Mapping[str, Text]
) -> flask.Response:
    status = 422 if errors else 200
    shown = {"row": row, "where": _only(where), "form": form, "errors": errors}
    return page("correction_new", status, reasons=REASONS, **shown)


def _only(where: Mapping[str, str]) -> dict[str, str]:
    return {key: where.get(key, "") for key in (*_NAMED, "item")}


def _row(where: Mapping[str, str]) -> Row:
    """Return the value that is meant, as it stands now; raises NotFound for none of the person's.

    It is read anew each time, so that nobody reports what was never shown to them.
    """
    if not all(where.get(key) for key in _NAMED):
        raise NotFound
    asks = principal_for(person(), where["of"])
    sections = Reading(web(), asks).meaning(where["register"], where["path"])
    wanted = (where["register"], where["record"], where["path"], where.get("item", ""))
    rows = (row for section in sections for row in section.rows if not row.derived)
    for row in rows:
        if (row.register, row.record_id, row.path, row.item) == wanted:
            return row
    raise NotFound


def _label(case: CaseShown) -> Text:
    catalogue = web().catalogues.get(case.register)
    known = catalogue.attributes if catalogue else ()
    named = (Text(a.vi, a.en) for a in known if a.path == case.path)
    return next(named, Text(case.path, case.path))


def _port() -> Corrections:
    found = web().corrections
    if found is None:
        raise NotFound
    return found
