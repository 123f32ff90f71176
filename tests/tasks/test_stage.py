import logging
import threading

import pytest

from storage.errors import ArtifactMissing
from storage.store import Store
from tasks.stage import Stage, stage


def counting(version=1, fail=False):
    calls = []

    @stage("count", version=version)
    def body(number: int, names: tuple[str, ...], *, run):
        calls.append(run.unit)
        run.draft.file("n.txt").write_text(str(number))
        if fail:
            raise ValueError("after writing")

    return body, calls


def test_the_same_science_is_computed_once(tmp_path):
    body, calls = counting()
    store = Store(tmp_path)
    first, computed = body.execute(store, "one", (3, ("a",)))
    again, recomputed = body.execute(store, "other name", (3, ("a",)), device="cuda")
    assert (first, computed, recomputed) == (again, True, False)
    assert calls == ["one"]


def test_science_and_version_change_the_key_and_execution_does_not():
    body, _ = counting()
    assert body.key(3, ("a",)) == body.key(3, ["a"])
    assert body.key(3, ("a",)) != body.key(4, ("a",))
    assert body.key(3, ("a",)) != counting(version=2)[0].key(3, ("a",))
    assert body.key(3, ("a",)) != Stage("other", 1, body.body).key(3, ("a",))


def test_too_little_science_is_an_error():
    with pytest.raises(TypeError, match="missing a required argument"):
        counting()[0].key(3)


def test_a_stage_must_take_its_execution_by_keyword():
    with pytest.raises(TypeError, match="only 'run' by keyword"):
        stage("bad", version=1)(lambda number, *, device, run: None)


def test_a_damaged_artifact_is_computed_again_and_the_reason_is_logged(tmp_path, caplog):
    body, calls = counting()
    store = Store(tmp_path)
    ref, _ = body.execute(store, "one", (3, ()))
    store.open(ref).file("n.txt").write_text("4")
    with caplog.at_level(logging.WARNING, logger="escgan"):
        again, computed = body.execute(store, "one", (3, ()))
    assert computed and again == ref and len(calls) == 2
    assert "count one: n.txt" in caplog.text and "computing it again" in caplog.text


def test_refresh_computes_what_is_stored_and_reuse_computes_nothing(tmp_path):
    body, calls = counting()
    store = Store(tmp_path)
    with pytest.raises(ArtifactMissing, match=r"Stage 'count' of one is not in the store .* without --only"):
        body.execute(store, "one", (3, ()), mode="reuse")
    ref, _ = body.execute(store, "one", (3, ()))
    assert body.execute(store, "one", (3, ()), mode="reuse") == (ref, False)
    assert body.execute(store, "one", (3, ()), mode="refresh") == (ref, True)
    assert len(calls) == 2


def test_a_body_that_fails_leaves_nothing(tmp_path):
    body, _ = counting(fail=True)
    store = Store(tmp_path)
    with pytest.raises(ValueError, match="after writing"):
        body.execute(store, "one", (3, ()))
    assert store.find("count", body.key(3, ())) is None
    assert store.addresses() == [] and store.sweep() == []


def test_two_threads_asking_for_one_key_compute_it_once(tmp_path):
    body, calls = counting()
    store = Store(tmp_path)
    refs = []
    threads = [threading.Thread(target=lambda: refs.append(body.execute(store, "one", (3, ()))[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1 and len(set(refs)) == 1 and len(refs) == 4


def test_the_manifest_says_what_the_artifact_was_made_from(tmp_path):
    body, _ = counting()
    ref, _ = body.execute(Store(tmp_path), "one", (3, ("a",)))
    manifest = Store(tmp_path).open(ref).manifest
    assert manifest.config == {"number": 3, "names": ["a"]}
    assert manifest.unit == "one" and manifest.versions["torch"].startswith("2.")
