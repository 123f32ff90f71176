import os
import threading
import time
from datetime import timedelta

import pytest

from storage.errors import StorageError
from storage.texts import Texts

NAME = "abcdef01-2345"


def test_a_text_is_read_as_it_was_written_until_it_is_deleted(tmp_path):
    texts = Texts(tmp_path / "orders")
    assert texts.read(NAME) is None and texts.read_all() == {}
    texts.write(NAME, "µV\n")
    texts.write("0" * 64, "{}")
    assert texts.read(NAME) == "µV\n" and list(texts.read_all()) == ["0" * 64, NAME]
    assert (tmp_path / "orders").stat().st_mode & 0o077 == 0
    texts.delete(NAME)
    texts.delete(NAME)
    assert texts.read(NAME) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "short", "", "a" * 100, "ABCDEF0123", "abcdef01/2345"])
def test_a_name_that_leads_out_of_the_store_is_refused(tmp_path, name):
    texts = Texts(tmp_path)
    for use in (texts.read, texts.delete, lambda name: texts.write(name, "")):
        with pytest.raises(StorageError, match="cannot name a text"):
            use(name)
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_older_than_it_lasts_is_forgotten(tmp_path):
    for lasts, left in ((timedelta(days=30), ["bbbbbbbb"]), (None, ["aaaaaaaa", "bbbbbbbb"])):
        folder = tmp_path / str(lasts)
        texts = Texts(folder, lasts)
        texts.write("aaaaaaaa", "old")
        texts.write("bbbbbbbb", "new")
        long_ago = time.time() - 31 * 86400
        os.utime(folder / "aaaaaaaa.json", (long_ago, long_ago))
        assert [path.name for path in texts.forget()] == ([] if lasts is None else ["aaaaaaaa.json"])
        assert list(texts.read_all()) == left


def test_a_reader_sees_the_old_text_or_the_new_and_never_a_part(tmp_path):
    texts = Texts(tmp_path)
    whole = {"a" * 100_000, "b" * 100_000}
    texts.write(NAME, "a" * 100_000)
    ended = threading.Event()

    def write():
        for _ in range(50):
            for text in whole:
                texts.write(NAME, text)
        ended.set()

    writing = threading.Thread(target=write)
    writing.start()
    seen = set()
    while not ended.is_set():
        seen.add(texts.read(NAME))
    writing.join()
    assert seen <= whole and list(texts.read_all()) == [NAME]
