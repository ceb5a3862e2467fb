"""A host of an agency's keys for the tests: a real TLS server on this machine, good or hostile."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "keys.example.vn"
Behaviour = Callable[[socket.socket], None]
_PEM = serialization.Encoding.PEM


class Authority:
    """A private authority; ``ca_file`` is what trusts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = (
            self._begun(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = str(folder / "ca.pem")
        Path(self.ca_file).write_bytes(made.public_bytes(_PEM))

    def context(self, *names: str, age: timedelta = timedelta(hours=1)) -> ssl.SSLContext:
        """Return what serves with a certificate for ``names``, issued ``age`` ago for a day."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        held = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        made = self._begun(subject, key, age).add_extension(held, critical=False)
        path = self._folder / f"{names[0]}-{age.total_seconds():.0f}.pem"
        path.write_bytes(
            key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            + made.sign(self._key, hashes.SHA256()).public_bytes(_PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _begun(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        age: timedelta = timedelta(hours=1),
    ) -> x509.CertificateBuilder:
        begin = datetime.now(UTC) - age
        own, issuer = key.public_key(), self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(own)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False
            )
        )


@dataclass
class KeyHost:
    """What the server answers, and the requests that it read."""

    port: int = 0
    body: bytes = b'{"keys":[]}'
    status: str = "200 OK"
    headers: str = "Content-Type: application/json\r\n"
    behaviour: Behaviour | None = None
    requests: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def url(self, name: str = NAME, scheme: str = "https") -> str:
        return f"{scheme}://{name}:{self.port}/keys?of=all"

    def answer(self, connection: socket.socket) -> None:
        self.requests.append(connection.recv(8192).decode("latin-1"))
        if self.behaviour:
            self.behaviour(connection)
            return
        length = f"Content-Length: {len(self.body)}\r\n"
        head = f"HTTP/1.1 {self.status}\r\n{self.headers}{length}\r\n"
        connection.sendall(head.encode() + self.body)

    def trickle(self, connection: socket.socket, begin: bytes, part: bytes) -> None:
        """Send ``part`` again and again, faster than any limit between two parts."""
        connection.sendall(begin)
        while not self.over.wait(0.05):
            connection.sendall(part)


@contextlib.contextmanager
def serving(
    context: ssl.SSLContext | None, address: str = "127.0.0.1", port: int = 0
) -> Iterator[KeyHost]:
    """Serve over TLS by ``context`` (plainly if None) until the block ends."""
    with socket.create_server((address, port)) as listener:
        host = KeyHost(listener.getsockname()[1])
        threads = []

        def one(plain: socket.socket) -> None:
            # A client that hangs up is what many of these tests are about.
            with plain, contextlib.suppress(OSError):
                if context is None:
                    host.answer(plain)
                else:
                    with context.wrap_socket(plain, server_side=True) as secure:
                        host.answer(secure)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while not host.over.is_set():
                    connection, _ = listener.accept()
                    connection.settimeout(10)
                    threads.append(threading.Thread(target=one, args=(connection,)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield host
        finally:
            host.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join(15)
