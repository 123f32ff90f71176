import pytest

from tests.server.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    own = Lab(tmp_path_factory.mktemp("lab"))
    try:
        own.open()
        yield own
    finally:
        own.stop()
