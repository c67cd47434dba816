"""Variables of connections: secrets from one place, certificates that can be used, and nothing unknown."""

import pytest

from netad.core.errors import ConfigError
from netad.outputs.variables import Trust, Variables
from tests.elastic_server import TLS

KNOWN = ("URL", "SECRET", "SECRET_FILE", "CA_FILE", "CERT_FILE", "KEY_FILE")


def read(**given):
    return Variables.read("NETAD_X_", KNOWN, {f"NETAD_X_{name}": value for name, value in given.items()})


def test_only_what_begins_with_the_prefix_is_taken_and_blank_is_not_given():
    """Other variables are nobody's business."""
    found = Variables.read("NETAD_X_", KNOWN, {"NETAD_X_URL": " u ", "NETAD_X_SECRET": "  ", "HOME": "/"})
    assert found.given == {"URL": "u"}


def test_an_unknown_variable_is_an_error_that_names_the_known():
    """A typing mistake would otherwise leave a connection unprotected."""
    with pytest.raises(ConfigError, match="NETAD_X_SECERT; known are NETAD_X_URL, …SECRET, …SECRET_FILE"):
        read(SECERT="x")


def test_a_secret_comes_from_the_variable_or_a_file(tmp_path):
    """White space around it is none of it."""
    (tmp_path / "secret").write_text("s3cret\n")
    assert read(SECRET="s3cret").secret("SECRET") == "s3cret"
    assert read(SECRET_FILE=str(tmp_path / "secret")).secret("SECRET") == "s3cret"
    assert read().secret("SECRET") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"\xff\xfe", "holds no text"), (None, "No such file"), (b"a\x01b", "holds")],
)
def test_a_file_without_a_secret_is_said(tmp_path, content, said):
    """By the variable's name."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        read(SECRET_FILE=str(file)).secret("SECRET")
    assert "NETAD_X_SECRET" in caught.value.message


def test_both_are_one_too_many(tmp_path):
    """Nobody could tell which counts."""
    with pytest.raises(ConfigError, match="both set"):
        read(SECRET="a", SECRET_FILE="b").secret("SECRET")


def test_secrets_are_not_shown():
    """Neither in a repr nor in what an error says."""
    assert "s3cret" not in repr(read(SECRET="s3cret"))
    with pytest.raises(ConfigError) as caught:
        read(SECRET="s3\x07cret").secret("SECRET")
    assert "cret" not in caught.value.message


def test_certificates_that_cannot_be_used_are_named(tmp_path):
    """By the variable that names them, before anything is sent."""
    (tmp_path / "junk.pem").write_text("junk")
    certificate, key, junk = str(TLS / "certificate.pem"), str(TLS / "key.pem"), str(tmp_path / "junk.pem")
    assert read(CA_FILE=certificate, CERT_FILE=certificate, KEY_FILE=key).tls() == Trust(certificate, certificate, key)
    for given, said in [
        ({"CA_FILE": junk}, "NETAD_X_CA_FILE: .* no usable certificates"),
        ({"CA_FILE": certificate, "CERT_FILE": junk, "KEY_FILE": key}, "NETAD_X_CERT_FILE: .* certificate and key"),
        ({"CERT_FILE": certificate, "KEY_FILE": junk}, "NETAD_X_CERT_FILE: .* certificate and key"),
        ({"KEY_FILE": key}, "NETAD_X_KEY_FILE needs NETAD_X_CERT_FILE"),
        ({"CA_FILE": "/nowhere.pem"}, "there is no file /nowhere.pem"),
    ]:
        with pytest.raises(ConfigError, match=said):
            read(**given).tls()


def test_an_encrypted_key_is_refused_and_nobody_is_asked(tmp_path):
    """A run by cron has no one to type the passphrase."""
    import subprocess

    made = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "ec", "-aes128", "-passout", "pass:x1234", "-in", TLS / "key.pem", "-out", made],
        check=True, capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="no usable certificate and key"):
        read(CERT_FILE=str(TLS / "certificate.pem"), KEY_FILE=str(made)).tls()
