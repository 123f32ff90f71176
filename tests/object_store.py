"""An object store of the tests' own: an S3 server on loopback."""

from __future__ import annotations

import logging
import secrets

import pytest


@pytest.fixture(scope="session")
def s3_server():
    """Address of an S3 server; gone when the tests end."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def s3_settings(server):
    """What the environment of a machine says that uses the server."""
    return {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.fixture
def bucket(s3_server, monkeypatch):
    """The name of a new, empty bucket."""
    import boto3

    for name, value in s3_settings(s3_server).items():
        monkeypatch.setenv(name, value)
    name = f"lab-{secrets.token_hex(4)}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name
