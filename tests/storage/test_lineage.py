from storage.lineage import lineage
from storage.store import Store


def put(store, stage, key, *inputs):
    named = [{"stage": ref.stage, "key": ref.key, "digest": ref.digest} for ref in inputs]
    with store.create(stage, key, unit=key, inputs=[*named, {"file": "s01.dat", "sha256": "00"}]) as draft:
        draft.file("content.txt").write_text(key)
    return draft.ref


def test_everything_below_is_listed_once_and_nothing_beside(tmp_path):
    store = Store(tmp_path)
    first, beside = put(store, "ingest", "aaaa0001"), put(store, "ingest", "aaaa0002")
    measured = put(store, "features", "bbbb0001", first)
    put(store, "features", "bbbb0002", beside)
    ends = [put(store, "evaluate", key, measured, first) for key in ("cccc0001", "cccc0002")]
    found = lineage(store, [(ref.stage, ref.key) for ref in ends])
    assert [m.key for m in found] == ["cccc0001", "cccc0002", "bbbb0001", "aaaa0001"]


def test_what_the_store_lost_is_left_out(tmp_path):
    store = Store(tmp_path)
    first = put(store, "ingest", "aaaa0001")
    end = put(store, "features", "bbbb0001", first)
    store.remove("ingest", "aaaa0001")
    assert [m.key for m in lineage(store, [(end.stage, end.key)])] == ["bbbb0001"]
