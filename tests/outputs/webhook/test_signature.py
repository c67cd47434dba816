"""Signatures of Standard Webhooks."""

import pytest

from netad.core.errors import ConfigError
from netad.outputs.webhook.signature import key_of, signature


def test_the_example_of_the_specification_comes_out():
    """The test vector that its libraries are tested with."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_secret_of_another_form_is_taken_as_it_is():
    """As long as it is long enough."""
    assert key_of("correct horse battery staple") == b"correct horse battery staple"


@pytest.mark.parametrize("secret", ["hunter2", "whsec_c2hvcnQ=", "whsec_not base64!"])
def test_a_secret_that_keeps_nobody_out_is_refused(secret):
    """Without repeating it."""
    with pytest.raises(ConfigError) as caught:
        key_of(secret)
    assert secret not in caught.value.message
