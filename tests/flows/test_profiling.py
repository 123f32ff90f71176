import pytest

from flows.profiling import print_profile, profile_lines
from storage.errors import ArtifactMissing
from storage.store import Store


def make(store, stage, key, unit, parts=(), inputs=(), content="x"):
    entries = [{"stage": ref.stage, "key": ref.key, "digest": ref.digest} for ref in inputs]
    with store.create(stage, key, unit=unit, inputs=entries) as draft:
        draft.file("a.txt").write_text(content + unit)
        rows = [{"part": name, "seconds": s, "peak_memory_mb": mb} for name, s, mb in parts]
        draft.note(parts=rows)
    return draft.ref


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    first = make(store, "ingest", "aaaa0001", "sub-01", [("read", 1.0, 100.0), ("write", 0.25, 90.0)])
    second = make(store, "ingest", "aaaa0002", "sub-02", [("read", 3.0, 200.0), ("write", 0.5, 95.0)])
    measured = [make(store, "features", f"bbbb000{i}", f"sub-0{i}", [], [ref]) for i, ref in ((1, first), (2, second))]
    # Both features enter the report twice, and something of another run lies beside.
    make(store, "report", "cccc0001", "demo", [("draw", 2.0, 300.0)], measured * 2)
    make(store, "ingest", "aaaa0003", "sub-99", [("read", 50.0, 900.0)])
    return store


def test_lines_sum_each_stage_and_part_over_its_units(store):
    lines = profile_lines(store.list("ingest"))
    assert [(line.name, line.depth, line.units) for line in lines] == [
        ("ingest", 0, 3), ("read", 1, 3), ("write", 1, 2), ("flush and seal", 1, 3),
    ]  # fmt: skip
    read = lines[1]
    assert (read.seconds, read.median_s, read.longest_s, read.longest) == (54.0, 3.0, 50.0, "sub-99")
    assert read.peak_memory_mb == 900.0


def test_a_run_is_profiled_with_what_it_was_made_from_and_nothing_else(store, capsys):
    print_profile(store, "demo")
    said = capsys.readouterr().out
    assert "demo: 5 artifacts" in said and "sub-99" not in said
    names = [line.split("│")[1].strip() for line in said.splitlines() if line.startswith("│")]
    assert names == ["ingest", "read", "write", "flush and seal", "features", "report", "draw", "flush and seal"]
    row = next(line for line in said.splitlines() if "│   read" in line)
    assert "4.00" in row and "2.00" in row and "3.00" in row and "sub-02" in row and "200" in row


def test_the_newest_report_of_a_name_is_the_run(store, capsys):
    make(store, "report", "dddd0001", "demo", [("draw", 7.0, 300.0)])
    print_profile(store, "demo")
    assert "demo: 1 artifact," in capsys.readouterr().out


def test_the_beginning_of_a_key_names_an_artifact(store, capsys):
    print_profile(store, "bbbb0001")
    assert "sub-01: 2 artifacts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing", "No run named 'nothing' left a report .* there are reports of demo"), ("aaaa", "3 artifacts")],
)
def test_what_names_no_run_is_said_in_a_sentence(store, name, said):
    with pytest.raises(ArtifactMissing, match=said):
        print_profile(store, name)
