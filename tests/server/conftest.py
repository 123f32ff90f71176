import pytest

from tests.object_store import s3_settings
from tests.server.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory, s3_server):
    own = Lab(tmp_path_factory.mktemp("lab"), **s3_settings(s3_server))
    try:
        own.open()
        yield own
    finally:
        own.stop()
