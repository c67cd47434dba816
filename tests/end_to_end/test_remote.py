"""Captures in an S3-compatible store, read over the network by netad in a process of its own."""

import subprocess
import sys
import time
import urllib.request

import pytest
from boto3.session import Session

from tests.elastic_fixture import free_port


@pytest.fixture(scope="module")
def bucket(samples):
    """A bucket with the sample captures, on a server that ends with the tests: the environment to reach it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{url}/moto-api", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        environment = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                       "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
        client = Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1").client(
            "s3", endpoint_url=url
        )
        client.create_bucket(Bucket="captures")
        for path in (samples / "normal").glob("*.pcap"):
            client.upload_file(str(path), "captures", f"office/{path.name}")
        yield environment
    finally:
        server.terminate()
        server.wait()


def test_a_capture_in_a_bucket_is_a_capture(netad, samples, bucket):
    """The same flows as from the file; a bucket that is not there is told, with the code for inputs."""
    netad("flows", samples / "normal", "-o", "local.csv")
    netad("flows", "s3://captures/office", "-o", "remote.csv", **bucket)

    def rows(name):
        return [line.rpartition(",")[0] for line in (netad.folder / name).read_text().splitlines()]

    assert len(rows("local.csv")) > 1000
    assert rows("remote.csv") == rows("local.csv")
    _, err = netad("ingest", "s3://nowhere/office", code=3, **bucket)
    assert "s3://nowhere/office" in err
