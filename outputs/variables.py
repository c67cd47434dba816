"""What the environment says about an output's connection: secrets, certificates, switches. No secret is ever shown."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from netad.core.errors import ConfigError, MissingExtraError

MAX_SECRET_BYTES = 8192
TRUST = ("CA_FILE", "CERT_FILE", "KEY_FILE")


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables that begin with `prefix`, such as NETAD_SYSLOG_, by the rest of their names."""

    prefix: str
    given: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, prefix: str, known: tuple[str, ...], environment: Mapping[str, str] = os.environ) -> "Variables":
        """Return those of the environment that are not empty.

        Raises:
            ConfigError: one of them is not among `known`.
        """
        given = {}
        for name, text in environment.items():
            if not name.startswith(prefix):
                continue
            short = name.removeprefix(prefix)
            if short not in known:
                raise ConfigError(f"unknown environment variable {name}; known are {prefix}{', …'.join(known)}")
            if text.strip():
                given[short] = text.strip()
        return cls(prefix, given)

    def secret(self, name: str) -> str | None:
        """Return a secret from the variable `name`, from the file that `name`_FILE names, or from the keyring.

        `name`_KEYRING holds the service and the user it is kept under, as `netad/elastic`. None without any of them.

        Raises:
            ConfigError: more than one is set, the secret cannot be read, or what it holds cannot be one.
            MissingExtraError: the keyring is wanted, and what reads it is not installed.
        """
        sources = {f"{name}{end}": read for end, read in (("", None), ("_FILE", _content), ("_KEYRING", _kept))}
        named = [source for source in sources if source in self.given]
        if len(named) > 1:
            both = " and ".join(f"{self.prefix}{source}" for source in named[:2])
            raise ConfigError(f"{both} are both set; one is enough")
        if not named:
            return None
        text, read = self.given[named[0]], sources[named[0]]
        secret = text if read is None else read(f"{self.prefix}{named[0]}", text)
        if not secret.isprintable():
            raise ConfigError(f"{self.prefix}{name} holds characters that cannot be part of one")
        return secret

    def tls(self) -> "Trust":
        """Return whom to trust and who we are, from the files that CA_FILE, CERT_FILE and KEY_FILE name.

        Raises:
            ConfigError: a file is missing or holds nothing usable.
        """
        for name in TRUST:
            path = self.given.get(name)
            if path is not None and not Path(path).is_file():
                raise ConfigError(f"{self.prefix}{name}: there is no file {path}")
        trust = Trust(*(self.given.get(name) for name in TRUST))
        if trust.key_file and not trust.cert_file:
            raise ConfigError(f"{self.prefix}KEY_FILE needs {self.prefix}CERT_FILE")
        try:
            trust.context()
        except OSError as error:
            wrong = "CERT_FILE" if trust.cert_file and Trust(trust.ca_file).usable() else "CA_FILE"
            what = "no usable certificate and key" if wrong == "CERT_FILE" else "no usable certificates"
            raise ConfigError(f"{self.prefix}{wrong}: {self.given[wrong]} holds {what}") from error
        return trust


@dataclass(frozen=True, slots=True)
class Trust:
    """Files in PEM form: the certificates that are trusted (None: the system's), and our own with its key."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    def context(self) -> ssl.SSLContext:
        """Return a context that verifies certificate and name, TLS 1.2 or newer.

        Raises:
            OSError: a file cannot be used.
        """
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file, _no_passphrase)
        return context

    def usable(self) -> bool:
        """Tell whether the files can be used."""
        try:
            self.context()
        except OSError:
            return False
        return True


def _no_passphrase() -> str:
    """Answer OpenSSL, which would otherwise ask on the terminal: an encrypted key is one that cannot be used."""
    return ""


def _content(variable: str, file: str) -> str:
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(MAX_SECRET_BYTES).decode().strip()
    except OSError as error:
        raise ConfigError(f"{variable}: cannot read {file} ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{variable}: {file} holds no text") from error
    if not content:
        raise ConfigError(f"{variable}: {file} is empty")
    return content


def _kept(variable: str, place: str) -> str:
    service, slash, user = place.rpartition("/")
    if not slash or not service or not user:
        raise ConfigError(f"{variable} is not SERVICE/USER, such as netad/elastic")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise MissingExtraError(f"{variable} needs the extra keyring: pip install 'netad[keyring]'") from error
    try:
        secret = keyring.get_password(service, user)
    except (KeyringError, RuntimeError) as error:
        # The error may come from any back end, with whatever it says: its kind is told, never its text.
        raise ConfigError(f"{variable}: the keyring cannot be read ({type(error).__name__})") from None
    if not secret:
        raise ConfigError(f"{variable}: the keyring holds nothing for {user} of {service}")
    return secret.strip()
