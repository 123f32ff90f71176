import hashlib
import os
import subprocess
import threading
import time

import pytest

from storage.digest import digest_content, digest_file, digest_json


def settle(path):
    """Give a file an age at which its digest is remembered."""
    time.sleep(0.12)
    return path


def test_the_order_of_keys_does_not_change_a_digest():
    assert digest_json({"a": 1, "b": {"c": 2, "d": 3}}) == digest_json({"b": {"d": 3, "c": 2}, "a": 1})


def test_the_order_of_a_list_changes_a_digest():
    assert digest_json([1, 2]) != digest_json([2, 1])


def test_a_json_digest_is_the_sha256_of_the_compact_sorted_text():
    text = b'{"a":[1,2.5,null,true],"b":"\\u03b1"}'
    assert digest_json({"b": "α", "a": [1, 2.5, None, True]}) == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError):
        digest_json({"a": [value]})


def test_an_object_that_json_cannot_hold_is_refused():
    with pytest.raises(TypeError):
        digest_json({"a": {1, 2}})


def test_a_file_digest_agrees_with_the_systems_own_tool(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(3_000_001))
    told = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout
    assert digest_file(path) == told.split()[0]


def test_an_untouched_file_is_read_once(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    first = digest_file(settle(path))

    def must_not_read(*_):
        raise AssertionError("the file was read again")

    monkeypatch.setattr("storage.digest.hashlib.file_digest", must_not_read)
    assert digest_file(path) == first


def test_a_rewrite_in_place_of_the_same_size_is_noticed_even_with_its_old_time(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    first = digest_file(settle(path))
    status = path.stat()
    path.write_bytes(b"abd")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digest_file(path) != first


def test_a_rewrite_within_the_clocks_resolution_is_noticed(tmp_path):
    path = tmp_path / "file"
    for number in range(200):
        content = number.to_bytes(4, "big")
        path.write_bytes(content)
        assert digest_file(path) == hashlib.sha256(content).hexdigest()


def test_a_file_replaced_by_another_is_noticed(tmp_path):
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_bytes(b"abc")
    other.write_bytes(b"xyz")
    first = digest_file(settle(path))
    other.replace(path)
    assert digest_file(path) == hashlib.sha256(b"xyz").hexdigest() != first


def test_threads_agree_on_a_digest(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(1_000_000))
    settle(path)
    found = []
    threads = [threading.Thread(target=lambda: found.append(digest_file(path))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [hashlib.sha256(bytes(1_000_000)).hexdigest()] * 16


def test_a_missing_file_has_no_digest(tmp_path):
    with pytest.raises(FileNotFoundError):
        digest_file(tmp_path / "none")


def test_content_depends_on_names_and_bytes_but_not_on_their_order():
    content = digest_content({"a": "1" * 64, "b": "2" * 64})
    assert content == digest_content({"b": "2" * 64, "a": "1" * 64})
    assert content != digest_content({"a": "2" * 64, "b": "1" * 64})
    assert content != digest_content({"a": "1" * 64})
    assert content != digest_content({"a": "1" * 64, "c": "2" * 64})
