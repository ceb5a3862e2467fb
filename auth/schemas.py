"""The wire shapes of the authorization server and of a client's own agreements."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from auth.oauth.metadata import ACCESS_TOKEN, GRANTS


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
    authorization_details = fields.List(fields.Dict())
    refresh_token = fields.String()
    id_token = fields.String()
    issued_token_type = fields.String(metadata={"description": "RFC 8693."})


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
                "invalid_grant",
                "invalid_authorization_details",
                "invalid_target",
                "unsupported_response_type",
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

    grant_type = fields.String(required=True, validate=OneOf(GRANTS))
    code = fields.String()
    redirect_uri = fields.String()
    code_verifier = fields.String()
    refresh_token = fields.String()
    authorization_details = fields.String()
    subject_token = fields.String(metadata={"description": "RFC 8693."})
    subject_token_type = fields.String(validate=OneOf([ACCESS_TOKEN]))
    requested_token_type = fields.String(validate=OneOf([ACCESS_TOKEN]))
    resource = fields.String()
    audience = fields.String()
    sogoc_subject = fields.String(
        metadata={"description": "Mã hồ sơ của người được làm thay / whom the person acts for."}
    )
    scope = fields.String(metadata={"description": "Cách nhau bằng dấu cách / space-separated."})
    client_id = fields.String()
    client_assertion_type = fields.String(
        validate=OneOf(["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"])
    )
    client_assertion = fields.String()


class PushForm(Schema):
    """RFC 9126 section 2.1, with PKCE and the authorization details of RFC 9396."""

    client_id = fields.String(required=True)
    response_type = fields.String(required=True, validate=OneOf(["code"]))
    redirect_uri = fields.URL(required=True, require_tld=False)
    code_challenge = fields.String(required=True)
    code_challenge_method = fields.String(required=True, validate=OneOf(["S256"]))
    scope = fields.String()
    state = fields.String()
    nonce = fields.String()
    prompt = fields.String()
    max_age = fields.Integer()
    acr_values = fields.String()
    authorization_details = fields.String(metadata={"description": "JSON, RFC 9396."})
    client_assertion_type = fields.String()
    client_assertion = fields.String()


class PushAnswer(Schema):
    """RFC 9126 section 2.2."""

    request_uri = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class TokenToJudge(Schema):
    """RFC 7009 section 2.1 and RFC 7662 section 2.1, with the client's assertion by RFC 7523."""

    token = fields.String(required=True)
    token_type_hint = fields.String()
    client_id = fields.String()
    client_assertion_type = fields.String(
        validate=OneOf(["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"])
    )
    client_assertion = fields.String()


class Nothing(Schema):
    """An answer that says no more than its status."""


class IntrospectionAnswer(Schema):
    """RFC 7662 section 2.2; an inactive token has no other member."""

    active = fields.Boolean(required=True)
    iss = fields.URL()
    aud = fields.URL()
    sub = fields.String()
    client_id = fields.String()
    scope = fields.String()
    token_type = fields.String()
    iat = fields.Integer()
    exp = fields.Integer()
    jti = fields.String()
    cnf = fields.Dict()
    acr = fields.String()
    auth_time = fields.Integer()
    authorization_details = fields.List(fields.Dict())
    act = fields.Dict(metadata={"description": "Ai làm thay / who acts (RFC 8693)."})


class ResourceAnswer(Schema):
    """RFC 9728 section 2."""

    resource = fields.URL(required=True)
    resource_name = fields.String(required=True)
    authorization_servers = fields.List(fields.URL(), required=True)
    scopes_supported = fields.List(fields.String(), required=True)
    bearer_methods_supported = fields.List(fields.String(), required=True)
    dpop_signing_alg_values_supported = fields.List(fields.String(), required=True)
    tls_client_certificate_bound_access_tokens = fields.Boolean(required=True)
    resource_documentation = fields.URL(required=True)


class KeySchema(Schema):
    """A public key, RFC 7517."""

    kty = fields.String(required=True, validate=OneOf(["EC", "OKP"]))
    crv = fields.String(required=True, validate=OneOf(["P-256", "Ed25519"]))
    x = fields.String(required=True)
    y = fields.String()
    kid = fields.String(required=True)
    use = fields.String(required=True, validate=OneOf(["sig"]))
    alg = fields.String(required=True, validate=OneOf(["ES256", "EdDSA"]))


class KeysAnswer(Schema):
    """The public signing keys, the signing one first."""

    keys = fields.List(fields.Nested(KeySchema), required=True)


class MetadataAnswer(Schema):
    """RFC 8414 section 2, as far as it is enforced here."""

    issuer = fields.URL(required=True)
    authorization_endpoint = fields.URL(required=True)
    pushed_authorization_request_endpoint = fields.URL(required=True)
    require_pushed_authorization_requests = fields.Boolean(required=True)
    authorization_response_iss_parameter_supported = fields.Boolean(required=True)
    code_challenge_methods_supported = fields.List(fields.String(), required=True)
    authorization_details_types_supported = fields.List(fields.String(), required=True)
    token_endpoint = fields.URL(required=True)
    revocation_endpoint = fields.URL(required=True)
    introspection_endpoint = fields.URL(required=True)
    jwks_uri = fields.URL(required=True)
    service_documentation = fields.URL(required=True)
    scopes_supported = fields.List(fields.String(), required=True)
    grant_types_supported = fields.List(fields.String(), required=True)
    response_types_supported = fields.List(fields.String(), required=True)
    response_modes_supported = fields.List(fields.String(), required=True)
    token_endpoint_auth_methods_supported = fields.List(fields.String(), required=True)
    token_endpoint_auth_signing_alg_values_supported = fields.List(fields.String(), required=True)
    revocation_endpoint_auth_methods_supported = fields.List(fields.String(), required=True)
    revocation_endpoint_auth_signing_alg_values_supported = fields.List(
        fields.String(), required=True
    )
    introspection_endpoint_auth_methods_supported = fields.List(fields.String(), required=True)
    introspection_endpoint_auth_signing_alg_values_supported = fields.List(
        fields.String(), required=True
    )
    introspection_signing_alg_values_supported = fields.List(fields.String(), required=True)
    id_token_signing_alg_values_supported = fields.List(fields.String(), required=True)
    dpop_signing_alg_values_supported = fields.List(fields.String(), required=True)
    tls_client_certificate_bound_access_tokens = fields.Boolean(required=True)
    mtls_endpoint_aliases = fields.Dict(keys=fields.String(), values=fields.URL())


class ProviderAnswer(MetadataAnswer):
    """OpenID Connect Discovery section 3, as far as it is enforced here."""

    userinfo_endpoint = fields.URL(required=True)
    subject_types_supported = fields.List(fields.String(), required=True)
    userinfo_signing_alg_values_supported = fields.List(fields.String(), required=True)
    userinfo_encryption_alg_values_supported = fields.List(fields.String(), required=True)
    userinfo_encryption_enc_values_supported = fields.List(fields.String(), required=True)
    claims_supported = fields.List(fields.String(), required=True)
    acr_values_supported = fields.List(fields.String())
    prompt_values_supported = fields.List(fields.String(), required=True)
    claims_parameter_supported = fields.Boolean(required=True)
    request_parameter_supported = fields.Boolean(required=True)
    request_uri_parameter_supported = fields.Boolean(required=True)


class UserinfoAnswer(Schema):
    """OpenID Connect Core section 5.3.2."""

    sub = fields.String(required=True)
    acr = fields.String()
    auth_time = fields.Integer(required=True)


def _paths_by_register(description: str) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": description},
    )


class AgreementSchema(Schema):
    """One approved version: what the client may read and search by, for one procedure."""

    id = fields.UUID(required=True)
    procedure = fields.String(required=True)
    attributes = _paths_by_register("Được đọc / may be read.")
    search = _paths_by_register("Được tìm theo / may be searched by.")
    legal_basis = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=OneOf(["approved"]))
    legal_task = fields.Boolean(
        required=True,
        metadata={"description": "Việc theo luật, không cần đồng ý / a task by law."},
    )
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(
        metadata={"description": "Ngày đầu tiên hết hiệu lực / first day after."}
    )
    in_force = fields.Boolean(required=True)
    expires_in_days = fields.Integer(
        metadata={"description": "Khi còn dưới 60 ngày / told where under 60 days are left."}
    )


class AgreementsAnswer(Schema):
    """Everything that the calling client may ask."""

    client_id = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    agreements = fields.List(fields.Nested(AgreementSchema), required=True)
    upcoming = fields.List(
        fields.Nested(AgreementSchema),
        required=True,
        metadata={"description": "Đã duyệt, chưa có hiệu lực / approved, not yet in force."},
    )
