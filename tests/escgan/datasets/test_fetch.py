"""Downloads from a server of the test's own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
        # Files that break off in the middle, and how often they still will.
        breaks_off: dict[str, int] = {}

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                asked.append(self.path.strip("/"))

            def copyfile(self, source: Any, outputfile: Any) -> None:
                name = self.path.strip("/")
                if breaks_off.get(name, 0) > 0:
                    breaks_off[name] -= 1
                    content = source.read()
                    outputfile.write(content[: len(content) // 2])
                else:
                    super().copyfile(source, outputfile)

        self.folder, self.asked, self.breaks_off = folder, asked, breaks_off
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(autouse=True)
def no_pause_before_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))


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


def test_a_transfer_that_breaks_off_is_tried_again(server: Server, tmp_path: Path) -> None:
    server.breaks_off["Subject05_1.edf"] = 1
    files = fetch_eegmat(tmp_path / "data", base_url=server.url)
    assert all(path.read_bytes() == CONTENT[path.name] for path in files)
    assert server.asked.count("Subject05_1.edf") == 2


def test_a_transfer_that_keeps_breaking_off_leaves_no_half_file(server: Server, tmp_path: Path) -> None:
    server.breaks_off["Subject00_2.edf"] = 100
    with pytest.raises(
        RecordingError, match=r"Subject00_2\.edf broke off .*: check the network .*by hand from https://"
    ):
        fetch_eegmat(tmp_path / "data", base_url=server.url)
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"SHA256SUMS.txt", "Subject00_1.edf"}
    server.breaks_off.clear()
    server.asked.clear()
    fetch_eegmat(tmp_path / "data", base_url=server.url)
    assert "Subject00_1.edf" not in server.asked


def test_a_port_where_nobody_listens_is_one_sentence_with_its_address(tmp_path: Path) -> None:
    with pytest.raises(
        RecordingError, match=r"^http://127\.0\.0\.1:9/eegmat/SHA256SUMS\.txt cannot be reached .*by hand"
    ):
        fetch_eegmat(tmp_path / "data", base_url="http://127.0.0.1:9/eegmat")
    assert list((tmp_path / "data").iterdir()) == []


def test_a_complete_folder_needs_no_network(server: Server, tmp_path: Path) -> None:
    files = fetch_eegmat(tmp_path / "data", base_url=server.url)
    server.stop()
    assert fetch_eegmat(tmp_path / "data", base_url=server.url) == files
    files[0].unlink()
    with pytest.raises(RecordingError, match=r"Subject00_1\.edf cannot be reached"):
        fetch_eegmat(tmp_path / "data", base_url=server.url)


def test_a_page_the_server_lacks_is_named_with_its_answer(server: Server, tmp_path: Path) -> None:
    (server.folder / "Subject05_2.edf").unlink()
    with pytest.raises(
        RecordingError, match=r"Subject05_2\.edf cannot be downloaded \(404 Client Error: File not found\)"
    ):
        fetch_eegmat(tmp_path / "data", base_url=server.url)


@pytest.mark.parametrize("between", [" ", "  ", " *"])
def test_digests_are_read_in_every_form_that_sha256sum_writes(between: str, server: Server, tmp_path: Path) -> None:
    lines = [f"{hashlib.sha256(content).hexdigest()}{between}{name}" for name, content in CONTENT.items()]
    (server.folder / "SHA256SUMS.txt").write_text("\r\n".join(lines))
    assert len(fetch_eegmat(tmp_path / "data", base_url=server.url)) == 5


def test_a_subject_that_the_server_does_not_list_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"SHA256SUMS\.txt names no file of subject 07"):
        fetch_eegmat(tmp_path / "data", subjects=["00", "07"], base_url=server.url)


def test_a_folder_that_cannot_be_made_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands here")
    with pytest.raises(ConfigError, match=r"data' cannot be made \(File exists\): choose another"):
        fetch_eegmat(tmp_path / "data", base_url=server.url)


def test_files_can_be_read_by_the_whole_laboratory(server: Server, tmp_path: Path) -> None:
    files = fetch_eegmat(tmp_path / "data", base_url=server.url)
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in files)


def test_bars_are_for_terminals_only(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_eegmat(tmp_path / "quiet", base_url=server.url)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fetch_eegmat(tmp_path / "loud", base_url=server.url)
    shown = capsys.readouterr().err
    assert all(name in shown for name in CONTENT if name != "RECORDS")
    fetch_eegmat(tmp_path / "off", base_url=server.url, progress=False)
    assert capsys.readouterr().err == ""
