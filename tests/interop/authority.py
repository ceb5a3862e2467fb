"""A certificate authority of the tests: for the server's name, and for clients."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from registry.kernel.clock import now

ADDRESS = "127.0.0.1"
_DAY = timedelta(days=1)


class Held(NamedTuple):
    """A certificate and its key, each in a file."""

    certificate: Path
    key: Path


def subject_of(name: str) -> x509.Name:
    """Return the subject of the certificate for ``name``."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Chi cục thuế"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


class Authority:
    """Keeps what it makes in ``folder``; ``file`` is what trusts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = subject_of("authority")
        self.file = folder / "authority.pem"
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        own = self._certificate(self._name, self._key.public_key())
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        own = own.add_extension(usage, critical=True)
        self.file.write_bytes(self._sign(own).public_bytes(Encoding.PEM))

    def server(self) -> Held:
        """Return a certificate for this machine's own address."""
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(ADDRESS))])
        return self._issue("server", ExtendedKeyUsageOID.SERVER_AUTH, alternative)

    def client(self, name: str) -> Held:
        """Return a certificate of a client, for its own DNS name."""
        alternative = x509.SubjectAlternativeName([x509.DNSName(f"{name}.example.vn")])
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, alternative)

    def _issue(
        self, name: str, use: x509.ObjectIdentifier, alternative: x509.SubjectAlternativeName
    ) -> Held:
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._certificate(subject_of(name), key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        made = made.add_extension(alternative, critical=False)
        held = Held(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        held.certificate.write_bytes(self._sign(made).public_bytes(Encoding.PEM))
        held.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return held

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        issuer = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - _DAY)
            .not_valid_after(now() + _DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False
            )
        )

    def _sign(self, made: x509.CertificateBuilder) -> x509.Certificate:
        return made.sign(self._key, hashes.SHA256())
