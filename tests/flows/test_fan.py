"""What becomes of units that fail."""

from __future__ import annotations

from functools import partial

import pytest
from prefect import Task, flow

from escgan.errors import ConfigError, DivergedError, EscganError, RecordingError
from flows.fan import Execution, Tally, Unit, all_or_raise, fan
from storage.errors import ArtifactMissing
from storage.manifest import ArtifactRef
from storage.store import Store
from tasks.identity import identity
from tasks.progress import Counts, Listener, listening
from tasks.stage import StageRun, Together, stage

REF = ArtifactRef("ingest", "0" * 16, "0" * 64)


def test_the_only_error_is_raised_as_it_is() -> None:
    error = RecordingError("a.edf is cut off.")
    with pytest.raises(RecordingError) as raised:
        all_or_raise({"sub-01": REF, "sub-02": error})
    assert raised.value is error


def test_the_first_error_names_the_other_units_that_failed() -> None:
    errors = {f"sub-0{i}": RecordingError(f"{i}.edf is cut off.") for i in (2, 3, 5)}
    with pytest.raises(RecordingError, match=r"^2.edf is cut off\. It .* sub-03, sub-05 failed"):
        all_or_raise({"sub-01": REF, **errors})


def test_a_fault_of_the_configuration_is_said_once_and_many_names_are_cut_short() -> None:
    faults = {f"sub-0{i} smote": ConfigError("no such class.") for i in (1, 2, 3)}
    with pytest.raises(ConfigError, match=r"^no such class\.$"):
        all_or_raise(faults)
    errors = {f"sub-{i:02d}": RecordingError(f"{i}.edf is cut off.") for i in range(14)}
    with pytest.raises(RecordingError, match="sub-09, sub-10 and 3 more failed"):
        all_or_raise(errors)


def test_a_fault_of_some_folds_names_them_and_those_that_failed_otherwise() -> None:
    results = {
        "sub-01 escgan": REF,
        "sub-02 escgan": DivergedError("The loss became nan by step 20."),
        "sub-03 escgan": DivergedError("The loss became nan by step 40."),
        "sub-04 escgan": DivergedError("The loss became nan by step 20."),
    }
    with pytest.raises(DivergedError) as raised:
        all_or_raise(results)
    assert str(raised.value) == (
        "sub-02 escgan, sub-04 escgan: The loss became nan by step 20. It is not the only one: sub-03 escgan failed as "
        "well."
    )
    assert raised.value.__cause__ is results["sub-02 escgan"]


def test_a_unit_that_an_error_names_itself_is_not_named_twice() -> None:
    error = EscganError("Stage 'train' of sub-02 escgan on work pool 'gpu' was lost.")
    with pytest.raises(EscganError) as raised:
        all_or_raise({"sub-01 escgan": REF, "sub-02 escgan": error})
    assert raised.value is error


def test_references_are_returned_in_their_order() -> None:
    assert list(all_or_raise({"b": REF, "a": REF})) == ["b", "a"]


@stage("double", version=1)
def double(number: int, *, run: StageRun) -> None:
    if number < 0:
        raise RecordingError(f"{number} is negative.")
    run.draft.file("n.txt").write_text(str(2 * number))


class Unnameable:
    """Something whose content cannot be told, as a recording whose file is gone."""


@identity.register
def _(value: Unnameable) -> str:
    raise RecordingError("its file is gone.")


@pytest.fixture
def run_fan(tmp_path, prefect_api):
    """Fan ``double`` over numbers; gives the results, the tally and how many task runs Prefect made."""
    store = Store(tmp_path)

    def run(*numbers, mode="run", shows_hits=False, stage=double, pack=None):
        execution = Execution(store, "cpu", {stage.name: mode}, Tally(), shows_hits, pack)

        @flow(name="fanning")
        def fanning():
            with TagCounter() as counter:
                return fan(stage, [Unit(str(n), (n,)) for n in numbers], execution), counter.submitted

        results, submitted = fanning()
        return results, execution.tally, submitted

    run.store = store
    return run


@pytest.fixture
def heard():
    """What a listener hears: how stages begin and end."""
    told = []

    class Heard(Listener):
        def begin(self, stage, n_units, stored=0):
            told.append((stage, n_units, stored))

        def end(self, stage, counts):
            told.append(counts)

    with listening(Heard()):
        yield told


class TagCounter:
    """Counts what is submitted to Prefect."""

    def __enter__(self):
        self.submitted = []
        self._patch = pytest.MonkeyPatch()
        original = Task.submit
        self._patch.setattr(
            Task,
            "submit",
            lambda task, **a: (self.submitted.append(a.get("unit") or a["pack"]), original(task, **a))[1],
        )
        return self

    def __exit__(self, *_):
        self._patch.undo()


def test_what_the_store_holds_becomes_no_task_run_where_nobody_would_see_it(run_fan):
    first, tally, submitted = run_fan(1, 2)
    assert tally.computed == {"double": 2} and submitted == ["1", "2"]
    again, tally, submitted = run_fan(3, 1, 2)
    assert {name: again[name] for name in "12"} == first and list(again) == ["3", "1", "2"]
    assert tally.computed == {"double": 1} and tally.reused == {"double": 2} and submitted == ["3"]


def test_on_a_server_that_people_look_at_every_unit_is_a_task_run(run_fan):
    run_fan(1, 2)
    _, tally, submitted = run_fan(1, 2, shows_hits=True)
    assert tally.reused == {"double": 2} and submitted == ["1", "2"]


def test_a_damaged_hit_is_computed_again_and_a_refresh_takes_none(run_fan):
    first, _, _ = run_fan(1, 2)
    run_fan.store.open(first["2"]).file("n.txt").write_text("5")
    again, tally, submitted = run_fan(1, 2)
    assert again == first and submitted == ["2"] and tally.computed == {"double": 1}
    _, tally, submitted = run_fan(1, 2, mode="refresh")
    assert submitted == ["1", "2"] and tally.computed == {"double": 2}


def test_units_that_fail_leave_their_error_beside_the_hits(run_fan):
    run_fan(1)
    results, _, submitted = run_fan(-1, 1, Unnameable())
    assert submitted[0] == "-1" and len(submitted) == 2
    failed = [result for result in results.values() if isinstance(result, RecordingError)]
    assert isinstance(results["1"], ArtifactRef) and len(failed) == 2


def test_listeners_hear_how_many_units_the_store_held_and_how_many_failed(run_fan, heard):
    run_fan(1, 2)
    run_fan(1, 2)
    _, tally, _ = run_fan(-1, 1, 2, 3)
    assert heard == [
        ("double", 2, 0),
        Counts(computed=2),
        ("double", 0, 2),
        Counts(stored=2),
        ("double", 2, 2),
        Counts(computed=1, stored=2, failed=1),
    ]
    # What failed was not reused.
    assert tally.computed == {"double": 1} and tally.reused == {"double": 2}


def test_where_hits_are_task_runs_they_are_told_from_computed_ones_at_the_end(run_fan, heard):
    run_fan(1, 2)
    run_fan(1, 2, 3, shows_hits=True)
    assert heard[2:] == [("double", 3, 0), Counts(computed=1, stored=2)]


def test_a_defect_ends_the_stage_with_its_units_failed(run_fan, heard):
    with pytest.raises(TypeError):
        run_fan(1, None)
    assert heard[1:] == [Counts(computed=1, failed=1)]


def write_number(number: int, run: StageRun) -> None:
    run.draft.file("n.txt").write_text(str(number))


def triple_together(sciences, runs):
    return [RecordingError("it is negative.") if n < 0 else partial(write_number, n) for (n,) in sciences]


@stage("triple", version=1, together=Together(lambda science: "all", triple_together))
def triple(number: int, *, run: StageRun) -> None:
    run.draft.file("n.txt").write_text(str(number))


def test_units_that_are_computed_together_are_one_task_run_and_their_errors_their_own(run_fan, heard):
    results, tally, submitted = run_fan(1, -2, 3, 4, stage=triple, pack=2)
    assert submitted == ["1 and 1 more", "-2 and 1 more"] and list(results) == ["1", "-2", "3", "4"]
    assert isinstance(results["-2"], RecordingError) and tally.computed == {"triple": 3}
    assert heard == [("triple", 4, 0), Counts(computed=3, failed=1)]
    assert all(isinstance(results[name], ArtifactRef) for name in "134")
    again, tally, submitted = run_fan(1, 3, 5, stage=triple, pack=8, shows_hits=True)
    assert submitted == ["5", "1", "3"] and tally.computed == {"triple": 1} and again["1"] == results["1"]


def test_together_or_alone_a_unit_is_one_artifact(run_fan):
    together, _, _ = run_fan(1, 3, stage=triple, pack=2)
    alone, tally, _ = run_fan(1, 3, stage=triple)
    assert alone == together and tally.reused == {"triple": 2}
    _, _, submitted = run_fan(1, 3, stage=triple, pack=2, mode="refresh")
    assert submitted == ["1 and 1 more"]


def test_from_the_store_alone_no_unit_is_computed_together(run_fan):
    with pytest.raises(ArtifactMissing, match="Stage 'triple' of 1 is not in the store"):
        run_fan(1, 3, stage=triple, pack=2, mode="reuse")
