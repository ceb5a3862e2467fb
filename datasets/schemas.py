"""The wire shapes of the stewards' desk."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from datasets.reports import FORMS
from registry.http import Instant, StrictSchema

LARGEST_PAGE = 1000
_STATES = ("submitted", "checked", "returned", "approved", "published", "withdrawn")


def _after(largest: int = 2**31 - 1) -> fields.Integer:
    """Return where a page begins; no database is asked for more than its column holds."""
    return fields.Integer(load_default=0, validate=validate.Range(0, largest))


def _limit() -> fields.Integer:
    return fields.Integer(load_default=100, validate=validate.Range(1, LARGEST_PAGE))


class SubmissionsQuery(StrictSchema):
    """Which submissions to list, the newest first; ``cursor`` is the id of the last one seen."""

    dataset = fields.String()
    state = fields.String(validate=validate.OneOf(_STATES))
    cursor = fields.UUID()
    limit = _limit()


class FindingsQuery(StrictSchema):
    """Which findings: those after an id, perhaps of one rule or part of the file."""

    rule = fields.String()
    part = fields.String()
    after = _after(2**63 - 1)
    limit = _limit()


class DifferencesQuery(StrictSchema):
    """Which differences: those after a number, perhaps the unusual ones, of a ward or a field."""

    unusual = fields.Boolean(load_default=False)
    ward = fields.String()
    field = fields.String()
    after = _after()
    limit = _limit()


class ReportQuery(StrictSchema):
    """The form in which the rows with findings are taken away."""

    format = fields.String(load_default="json", validate=validate.OneOf(FORMS))


class TemplateQuery(StrictSchema):
    """The form of a template."""

    format = fields.String(load_default="csv", validate=validate.OneOf(("csv", "xlsx")))


class ReasonSchema(StrictSchema):
    """Why something is done."""

    reason = fields.String(required=True, validate=validate.Length(1, 1000))


class ApprovalSchema(StrictSchema):
    """An approval; ``break_glass`` is the reason for which one person may do it alone."""

    break_glass = fields.String(validate=validate.Length(1, 1000))


class PublicationSchema(StrictSchema):
    """Publish now or ``at`` a moment; ``notes`` go with the release."""

    at = Instant()
    notes = fields.String(load_default="", validate=validate.Length(0, 4000))


class ReleasesQuery(StrictSchema):
    """Releases after a number, in their order."""

    after = _after()
    limit = _limit()


class SubmissionSchema(Schema):
    """One submission."""

    id = fields.UUID(required=True)
    dataset = fields.String(required=True)
    file_name = fields.String(required=True)
    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    options = fields.Dict(required=True)
    undoes = fields.UUID(required=True, allow_none=True)
    submitted_by = fields.String(required=True)
    submitted_at = fields.AwareDateTime(required=True)
    state = fields.String(required=True, metadata={"enum": list(_STATES)})
    checked_at = fields.AwareDateTime(required=True, allow_none=True)
    rows_read = fields.Integer(required=True, allow_none=True)
    rows_valid = fields.Integer(required=True, allow_none=True)
    rows_rejected = fields.Integer(required=True, allow_none=True)
    rows_skipped = fields.Integer(required=True, allow_none=True)
    unusual = fields.Integer(required=True)
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = fields.AwareDateTime(required=True, allow_none=True)
    break_glass = fields.String(required=True, allow_none=True)
    scheduled_for = fields.AwareDateTime(required=True, allow_none=True)


class SubmissionsSchema(Schema):
    """One page of submissions."""

    submissions = fields.List(fields.Nested(SubmissionSchema), required=True)
    cursor = fields.UUID(required=True, allow_none=True)


class EventSchema(Schema):
    """What somebody did with a submission."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    action = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)


class PlaceOfFindingSchema(Schema):
    """Where a rule is broken first."""

    part = fields.String(required=True)
    line = fields.Integer(required=True)
    column = fields.String(required=True)


class RuleSchema(Schema):
    """One rule: how grave, what is wrong and what to do, in the words of the quality report."""

    rule = fields.String(required=True)
    severity = fields.String(required=True, metadata={"enum": ["error", "warning", "info"]})
    repair_kind = fields.String(required=True)
    dimension = fields.String(required=True)
    group = fields.String(required=True)
    vi = fields.String(required=True)
    en = fields.String(required=True)
    repair_vi = fields.String(required=True)
    repair_en = fields.String(required=True)


class RulesSchema(Schema):
    """Every rule."""

    rules = fields.List(fields.Nested(RuleSchema), required=True)


class RuleCountSchema(RuleSchema):
    """One broken rule: how often, and where first."""

    count = fields.Integer(required=True)
    first_line = fields.Integer(required=True, allow_none=True)
    places = fields.List(fields.Nested(PlaceOfFindingSchema), required=True)


class RepairSchema(Schema):
    """All that is mended in the same way."""

    repair_kind = fields.String(required=True)
    vi = fields.String(required=True)
    en = fields.String(required=True)
    count = fields.Integer(required=True)
    rules = fields.List(fields.Nested(RuleCountSchema), required=True)


class PartSchema(Schema):
    """The reconciliation line of one part of the file and one ward."""

    part = fields.String(required=True)
    ward = fields.String(required=True)
    rows_read = fields.Integer(required=True)
    rows_valid = fields.Integer(required=True)
    rows_rejected = fields.Integer(required=True)
    rows_skipped = fields.Integer(required=True)


class HealedSchema(Schema):
    """How many findings of a rule the check before had and this one has not."""

    rule = fields.String(required=True)
    count = fields.Integer(required=True)


class SummarySchema(Schema):
    """What a check found, without any value of the file."""

    submission = fields.Nested(SubmissionSchema, required=True)
    parts = fields.List(fields.Nested(PartSchema), required=True)
    repairs = fields.List(fields.Nested(RepairSchema), required=True)
    healed = fields.List(fields.Nested(HealedSchema), required=True)
    events = fields.List(fields.Nested(EventSchema), required=True)


class FindingSchema(Schema):
    """One finding, with the cell as the file has it."""

    id = fields.Integer(required=True)
    rule = fields.String(required=True)
    part = fields.String(required=True)
    line = fields.Integer(required=True)
    column = fields.String(required=True)
    value = fields.String(required=True, allow_none=True)


class FindingsSchema(Schema):
    """One page of findings."""

    findings = fields.List(fields.Nested(FindingSchema), required=True)
    after = fields.Integer(required=True, allow_none=True)


class CountSchema(Schema):
    """How many records, or changes of one attribute, in a ward."""

    ward = fields.String(required=True)
    kind = fields.String(
        required=True, metadata={"enum": ["added", "changed", "ended", "unchanged"]}
    )
    field = fields.String(required=True)
    count = fields.Integer(required=True)


class ImpactSchema(Schema):
    """A client whose answers would have been others, by procedure."""

    client = fields.String(required=True)
    procedure = fields.String(required=True)
    answers = fields.Integer(required=True)
    attributes = fields.List(fields.String(), required=True)


class ComparisonSchema(Schema):
    """What a submission would change, in numbers."""

    counts = fields.List(fields.Nested(CountSchema), required=True)
    unusual = fields.Integer(required=True)
    impact = fields.List(fields.Nested(ImpactSchema), required=True)


class ValueSchema(Schema):
    """One attribute before and after."""

    path = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class DifferenceSchema(Schema):
    """One record that would change."""

    number = fields.Integer(required=True)
    record = fields.UUID(required=True, allow_none=True)
    kind = fields.String(required=True)
    ward = fields.String(required=True)
    part = fields.String(required=True)
    line = fields.Integer(required=True)
    unusual = fields.List(fields.String(), required=True)
    values = fields.List(fields.Nested(ValueSchema), required=True)


class DifferencesSchema(Schema):
    """One page of differences."""

    differences = fields.List(fields.Nested(DifferenceSchema), required=True)
    after = fields.Integer(required=True, allow_none=True)


class CorrectionSchema(Schema):
    """How many rows a corrected file changed; the next check reads them."""

    rows = fields.Integer(required=True)


class ReleaseSchema(Schema):
    """One release."""

    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    dataset = fields.String(required=True)
    submission = fields.UUID(required=True)
    undoes = fields.UUID(required=True, allow_none=True)
    counts = fields.Dict(required=True)
    digest = fields.String(required=True)
    notes = fields.String(required=True)
    published_by = fields.String(required=True)
    published_at = fields.AwareDateTime(required=True)


class ReleasesSchema(Schema):
    """Releases in their order."""

    releases = fields.List(fields.Nested(ReleaseSchema), required=True)
    after = fields.Integer(required=True)


class EventDataSchema(Schema):
    """What is told of a release: how many records, never whose."""

    release = fields.UUID(required=True)
    number = fields.Integer(required=True)
    dataset = fields.String(required=True)
    undoes = fields.UUID(required=True, allow_none=True)
    counts = fields.Dict(required=True)
    digest = fields.String(required=True)
    break_glass = fields.Boolean(required=True)


class CloudEventSchema(Schema):
    """One release as a CloudEvent 1.0; ``sequence`` is its number."""

    specversion = fields.String(required=True)
    id = fields.UUID(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True)
    subject = fields.String(required=True)
    time = fields.AwareDateTime(required=True)
    sequence = fields.String(required=True)
    sequencetype = fields.String(required=True)
    datacontenttype = fields.String(required=True)
    data = fields.Nested(EventDataSchema, required=True)


class EncodingSchema(Schema):
    """An encoding that the file may be in, and three of its names if it is."""

    name = fields.String(required=True)
    samples = fields.List(fields.String(), required=True)


class InspectionSchema(Schema):
    """What a file is and leaves open; ``open`` names the options that must be answered first."""

    kind = fields.String(required=True)
    file_name = fields.String(required=True)
    open = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    encodings = fields.List(fields.Nested(EncodingSchema), required=True)
    delimiter = fields.String(required=True, allow_none=True)
    sheets = fields.List(fields.Dict(), required=True)
    layers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    text_layers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    crs = fields.Integer(required=True, allow_none=True)
    header = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.String()), required=True)
    mapping = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    notes = fields.List(fields.String(), required=True)


class DimensionSchema(Schema):
    """One of the five measures of good data."""

    code = fields.String(required=True)
    vi = fields.String(required=True)
    en = fields.String(required=True)
    percent = fields.Float(required=True)


class MeasuredSchema(Schema):
    """How good some records are; without records there is nothing to say."""

    records = fields.Integer(required=True)
    index = fields.Float()
    dimensions = fields.List(fields.Nested(DimensionSchema))
    oldest = fields.AwareDateTime()
    newest = fields.AwareDateTime()


class WardQualitySchema(MeasuredSchema):
    """The records of one ward."""

    ward = fields.String(required=True)


class LastReleaseSchema(Schema):
    """The newest release of a dataset."""

    number = fields.Integer(required=True)
    published_at = fields.AwareDateTime(required=True)


class DatasetSchema(Schema):
    """One dataset that can be submitted."""

    name = fields.String(required=True)
    vi = fields.String(required=True)
    mode = fields.String(required=True, metadata={"enum": ["mirror", "cache", "pointer"]})
    release = fields.Nested(LastReleaseSchema, required=True, allow_none=True)


class DatasetsSchema(Schema):
    """Every dataset, in the order in which they must be loaded."""

    datasets = fields.List(fields.Nested(DatasetSchema), required=True)


class DatasetQualitySchema(MeasuredSchema):
    """One dataset."""

    dataset = fields.String(required=True)
    release = fields.Nested(LastReleaseSchema, required=True, allow_none=True)
    measured_on = fields.Date(required=True, allow_none=True)
    wards = fields.List(fields.Nested(WardQualitySchema), required=True)


class QualitySchema(Schema):
    """Quality and freshness of every dataset."""

    datasets = fields.List(fields.Nested(DatasetQualitySchema), required=True)
