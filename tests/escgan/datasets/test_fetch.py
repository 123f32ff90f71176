"""Downloads from a server of the test's own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from escgan.datasets.fetch import fetch_eegmat
from escgan.errors import ConfigError, RecordingError

CONTENT = {
    "Subject00_1.edf": b"rest of 00",
    "Subject00_2.edf": b"task of 00",
    "Subject05_1.edf": b"rest of 05",
    "Subject05_2.edf": b"task of 05",
    "subject-info.csv": b"Subject,Age\n",
    "RECORDS": b"Subject00_1\n",
}


class Server:
    """Files behind a URL, and the paths that were asked for."""

    def __init__(self, folder: Path):
        asked: list[str] = []

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                asked.append(self.path.strip("/"))

        self.folder, self.asked = folder, asked
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    sums = "".join(f"{hashlib.sha256(content).hexdigest()} {name}\n" for name, content in CONTENT.items())
    (folder / "SHA256SUMS.txt").write_text(sums)
    running = Server(folder)
    yield running
    running.stop()


def test_recordings_and_the_table_of_subjects_arrive_whole(server: Server, tmp_path: Path) -> None:
    files = fetch_eegmat(tmp_path / "data", base_url=server.url)
    assert [path.name for path in files] == [name for name in CONTENT if name != "RECORDS"]
    assert all(path.read_bytes() == CONTENT[path.name] for path in files)


def test_what_is_there_and_right_is_not_loaded_again(server: Server, tmp_path: Path) -> None:
    fetch_eegmat(tmp_path / "data", base_url=server.url)
    (tmp_path / "data" / "Subject00_2.edf").write_bytes(b"half a fi")
    server.asked.clear()
    fetch_eegmat(tmp_path / "data", base_url=server.url)
    assert [line for line in server.asked if line.endswith(".edf")] == ["Subject00_2.edf"]
    assert (tmp_path / "data" / "Subject00_2.edf").read_bytes() == CONTENT["Subject00_2.edf"]


def test_some_subjects_cost_only_their_files(server: Server, tmp_path: Path) -> None:
    files = fetch_eegmat(tmp_path / "data", subjects=["05"], base_url=server.url)
    assert [path.name for path in files] == ["Subject05_1.edf", "Subject05_2.edf", "subject-info.csv"]


def test_a_subject_that_does_not_exist_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no subject 77: they are numbered 00 to 35"):
        fetch_eegmat(tmp_path / "data", subjects=["00", "77"], base_url=server.url)


def test_a_file_with_another_digest_is_refused_and_not_left_behind(server: Server, tmp_path: Path) -> None:
    (server.folder / "Subject00_2.edf").write_bytes(b"tampered")
    with pytest.raises(RecordingError, match=r"Subject00_2\.edf arrived with another digest than its owners state"):
        fetch_eegmat(tmp_path / "data", base_url=server.url)
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"SHA256SUMS.txt", "Subject00_1.edf"}


def test_without_a_network_one_sentence_says_what_to_do(server: Server, tmp_path: Path) -> None:
    server.stop()
    with pytest.raises(RecordingError, match=r"cannot be reached \(\w+\): check the network .* by hand from https://"):
        fetch_eegmat(tmp_path / "data", base_url=server.url)


def test_an_address_that_serves_something_else_is_noticed(server: Server, tmp_path: Path) -> None:
    (server.folder / "SHA256SUMS.txt").write_text("<html>welcome</html>\n../../outside\n")
    with pytest.raises(RecordingError, match="names no recording"):
        fetch_eegmat(tmp_path / "data", base_url=server.url)
