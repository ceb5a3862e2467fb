"""The wire shapes of the authorization server and of a client's own agreements."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf


class TokenAnswer(Schema):
    """RFC 6749 section 5.1."""

    access_token = fields.String(required=True)
    token_type = fields.String(
        required=True,
        validate=OneOf(["DPoP", "Bearer"]),
        metadata={
            "description": "DPoP nếu xin bằng bằng chứng / if asked for with a proof (RFC 9449)."
        },
    )
    expires_in = fields.Integer(required=True)
    scope = fields.String(required=True)


class OAuthError(Schema):
    """RFC 6749 section 5.2."""

    error = fields.String(
        required=True,
        validate=OneOf(
            [
                "invalid_request",
                "invalid_client",
                "unauthorized_client",
                "unsupported_grant_type",
                "invalid_scope",
                "invalid_dpop_proof",
                "use_dpop_nonce",
                "server_error",
                "temporarily_unavailable",
            ]
        ),
    )
    error_description = fields.String()


class TokenForm(Schema):
    """RFC 6749 section 4.4.2, with the client's assertion by RFC 7523."""

    grant_type = fields.String(required=True, validate=OneOf(["client_credentials"]))
    scope = fields.String(metadata={"description": "Cách nhau bằng dấu cách / space-separated."})
    client_id = fields.String()
    client_assertion_type = fields.String(
        validate=OneOf(["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"])
    )
    client_assertion = fields.String()


class KeySchema(Schema):
    """A public key, RFC 7517."""

    kty = fields.String(required=True, validate=OneOf(["EC"]))
    crv = fields.String(required=True, validate=OneOf(["P-256"]))
    x = fields.String(required=True)
    y = fields.String(required=True)
    kid = fields.String(required=True)
    use = fields.String(required=True, validate=OneOf(["sig"]))
    alg = fields.String(required=True, validate=OneOf(["ES256"]))


class KeysAnswer(Schema):
    """The public signing keys, the signing one first."""

    keys = fields.List(fields.Nested(KeySchema), required=True)


class MetadataAnswer(Schema):
    """RFC 8414 section 2, as far as it is enforced here."""

    issuer = fields.URL(required=True)
    token_endpoint = fields.URL(required=True)
    jwks_uri = fields.URL(required=True)
    service_documentation = fields.URL(required=True)
    scopes_supported = fields.List(fields.String(), required=True)
    grant_types_supported = fields.List(fields.String(), required=True)
    response_types_supported = fields.List(fields.String(), required=True)
    token_endpoint_auth_methods_supported = fields.List(fields.String(), required=True)
    token_endpoint_auth_signing_alg_values_supported = fields.List(fields.String(), required=True)
    dpop_signing_alg_values_supported = fields.List(fields.String(), required=True)
    tls_client_certificate_bound_access_tokens = fields.Boolean(required=True)


def _paths_by_register(description: str) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": description},
    )


class AgreementSchema(Schema):
    """One agreement: what the client may read and search by, for one procedure."""

    id = fields.UUID(required=True)
    procedure = fields.String(required=True)
    attributes = _paths_by_register("Được đọc / may be read.")
    search = _paths_by_register("Được tìm theo / may be searched by.")
    legal_basis = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(
        metadata={"description": "Ngày đầu tiên hết hiệu lực / first day after."}
    )
    in_force = fields.Boolean(required=True)


class AgreementsAnswer(Schema):
    """Everything that the calling client may ask."""

    client_id = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    agreements = fields.List(fields.Nested(AgreementSchema), required=True)
