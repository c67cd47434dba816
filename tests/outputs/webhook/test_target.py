"""`--to webhook:…`: what it may say, sentences for what it may not, and secrets that stay secret."""

import logging

import pytest

from netad.core.errors import ConfigError
from netad.outputs.webhook.target import WebhookConfig

SECRET_URL = "https://hooks.example/services/T00/B00/hunter2?sig=hunter2"


def config(target, **environment):
    return WebhookConfig.from_target(target, {f"NETAD_WEBHOOK_{name}": value for name, value in environment.items()})


def test_a_url_alone_is_enough():
    """One event a request, as it is, not signed."""
    found = config("https://hooks.example/x")
    assert (found.url, found.batch, found.body, found.template, found.key) == (
        "https://hooks.example/x", 1, "array", None, None,
    )  # fmt: skip


def test_options_follow_the_hash_and_do_not_belong_to_the_url(tmp_path):
    """Batch, body, template, and which events."""
    (tmp_path / "t.yml").write_text("text: '${message}'")
    found = config(f"https://hooks.example/x?a=b#batch=50&body=lines&flows=yes&template={tmp_path}/t.yml")
    assert found.url == "https://hooks.example/x?a=b"
    assert (found.batch, found.body, found.selection.flows) == (50, "lines", True)
    assert found.template is not None


def test_the_url_may_come_from_the_environment_or_a_file(tmp_path):
    """With options beside it."""
    (tmp_path / "url").write_text(f"{SECRET_URL}\n")
    assert config(None, URL=SECRET_URL).url == SECRET_URL
    found = config("#batch=2", URL_FILE=str(tmp_path / "url"))
    assert (found.url, found.batch) == (SECRET_URL, 2)


def test_neither_messages_nor_the_spool_show_the_path():
    """It may hold a secret; two paths are told apart all the same."""
    found = config(SECRET_URL, SECRET="correct horse battery", AUTHORIZATION="Bearer hunter2")
    assert found.place == "https://hooks.example/…"
    assert found.target != config(f"{SECRET_URL}3").target
    assert found.target == config(f"{SECRET_URL}#batch=7").target
    assert "hunter2" not in f"{found!r} {found.place} {found.target}"
    assert "horse" not in repr(found)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (None, "NETAD_WEBHOOK_URL"),
        ("ftp://x/", "must begin with https:// or http://"),
        ("file:///etc/passwd", "must begin with https:// or http://"),
        ("hooks.example/x", "must begin with https:// or http://"),
        ("https://", "not one such as"),
        ("https://x:99999/", "not one such as"),
        ("https://x/a b", "not one such as"),
        ("https://x/\r\nHost: y", "not one such as"),
        ("https://user:hunter2@x/", "holds credentials"),
        ("https://x/#batch=0", "from 1 to 1,000"),
        ("https://x/#batch=many", "from 1 to 1,000"),
        ("https://x/#body=xml", "none of array, lines"),
        ("https://x/#bacth=1", "no option 'bacth'"),
        ("https://x/#batch", "are written #batch=50"),
        ("https://x/#template=/nowhere.yml", "cannot be read"),
    ],
)
def test_what_is_wrong_is_one_sentence(target, said):
    """Without the URL, which may hold a secret."""
    with pytest.raises(ConfigError) as caught:
        config(target)
    assert said in caught.value.message
    assert "hunter2" not in caught.value.message
    assert "\n" not in caught.value.message


def test_a_short_secret_is_refused():
    """It would keep nobody out."""
    with pytest.raises(ConfigError, match="too short"):
        config("https://x/", SECRET="abc")


def test_credentials_without_tls_are_warned_of(caplog):
    """But not on this machine itself."""
    with caplog.at_level(logging.WARNING):
        config("http://127.0.0.1/", AUTHORIZATION="Bearer hunter2")
        assert caplog.text == ""
        config("http://hooks.example/", AUTHORIZATION="Bearer hunter2")
    assert "unencrypted" in caplog.text
    assert "hunter2" not in caplog.text
