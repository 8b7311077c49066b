"""The keys of signed reports: made once for a storage root, kept in `logs/.report-key`, readable by its account alone.

Ed25519 is the extra package `cryptography`'s; it is asked for when a report is signed or read, and by nobody else.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from adapters.disk.files import Files
from adapters.ports.faults import ConfigError, StorageUnavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PRIVATE, PUBLIC = ".report-key", "report-key.pub"
MAX_KEY_BYTES = 10_000
_HEX = re.compile(rb"[0-9a-f]{64}")
NOT_INSTALLED = (
    "Signed reports need the package cryptography, which is not installed. Install the extra `signing`: "
    "`pip install 'abby-ledger[signing]'`, from a checkout `.venv/bin/pip install cryptography`."
)


class SigningKey(NamedTuple):
    """A private key, and its public half as 64 hex digits."""

    private: Ed25519PrivateKey
    public: str

    def sign(self, body: bytes) -> bytes:
        """The 64 bytes of a signature."""
        return self.private.sign(body)


def own_key(root: Path, files: Files) -> SigningKey:
    """The key of a storage root, made where there is none yet. Raises OSError, ConfigError where it is no key."""
    path = root.absolute() / "logs" / PRIVATE
    files.confine(root.absolute(), anew=False)
    if not files.lexists(path):
        _make(path, files)
    return _signing_key(files.read(path), path)


def signing_key(path: Path) -> SigningKey:
    """The private key in a file. Raises ConfigError where it is none, StorageUnavailable where it cannot be read."""
    return _signing_key(_stored(path), path)


def public_key(path: Path) -> str:
    """The public half of the key in a file: of a private or public one in PEM, or 64 hex digits. Raises as above."""
    stored = _stored(path)
    if _HEX.fullmatch(stored.strip()):
        return stored.strip().decode()
    if b"PRIVATE KEY" in stored:
        return _signing_key(stored, path).public
    _require()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    with suppress(ValueError):
        found = load_pem_public_key(stored)
        if isinstance(found, Ed25519PublicKey):
            return found.public_bytes_raw().hex()
    raise _no_key(path)


def known_key(root: Path) -> str | None:
    """The public half of a root's own key; None where there is none, or it may not be read."""
    for name in (PUBLIC, PRIVATE):
        with suppress(StorageUnavailable):
            return public_key(root / "logs" / name)
    return None


def signature_fits(key: str, signature: bytes, body: bytes) -> bool:
    """Whether who has the private half of a public key signed these bytes. Raises ConfigError without the package."""
    _require()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(path: Path, files: Files) -> None:
    _require()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for name, stored, mode in ((PUBLIC, public, 0o644), (PRIVATE, private, 0o600)):
        in_making = path.with_name(name + ".new")
        with suppress(FileNotFoundError):
            files.unlink(in_making)
        files.write_durably(in_making, stored, mode)
        files.rename(in_making, path.with_name(name))
    files.sync_directory(path.parent)


def _signing_key(stored: bytes, path: Path) -> SigningKey:
    _require()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    with suppress(ValueError, TypeError):
        found = load_pem_private_key(stored, password=None)
        if isinstance(found, Ed25519PrivateKey):
            return SigningKey(found, found.public_key().public_bytes_raw().hex())
    raise _no_key(path)


def _stored(path: Path) -> bytes:
    try:
        if not S_ISREG(path.stat().st_mode):
            raise _no_key(path)
        with path.open("rb") as file:
            return file.read(MAX_KEY_BYTES)
    except OSError as error:
        raise StorageUnavailable(f"The key {path} cannot be read: {error.strerror or error}.") from error


def _no_key(path: Path) -> ConfigError:
    return ConfigError(f"{path} is no Ed25519 key in PEM without a password. Name another file with --key.")


def _require() -> None:
    """Raises ConfigError where the package is not installed."""
    try:
        import cryptography  # noqa: F401 - whether it is there is all that is asked
    except ImportError as error:
        raise ConfigError(NOT_INSTALLED) from error
