"""Loss terms of trainings, as TensorBoard's own reader finds them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from escgan.augmenters import AUGMENTERS
from escgan.gan.loop import Loop
from storage.store import Store
from storage.tables import read_table
from tasks.cases import split
from tasks.packs import execute_pack
from tasks.progress import Listener, listening
from tasks.term_log import log_folder
from tasks.training import train
from tests.canary import cohort, experiment, stored

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "escgan": {"network": {"hidden": 2}, "training": {"epochs": 30, "batch_size": 32}},
    "cvae": {"hidden": [4], "latent": 2, "epochs": 30},
}


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """A store with features, and the science of a fold and augmenter of it."""
    store, entries = stored(tmp_path_factory.mktemp("features"), cohort())
    config = experiment("leave_one_subject_out", "per_subject")
    cases = split(config, entries)

    def science(kind="escgan", fold=0):
        own = AUGMENTERS[kind].model_validate(SETTINGS[kind]).for_training()
        return cases[fold].side, config.labels, config.normalization, own, 0

    return store, science


def train_again(features, logs, kind="escgan"):
    store, science = features
    return train.execute(store, "sub-01 test", science(kind), mode="refresh", tensorboard=logs)[0]


def logged(folder):
    """Every term's steps and values, by TensorBoard's own reading."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    found: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.tensor.float_val[0]))
    return found


def history(store, ref):
    """The same of a training's artifact."""
    table = read_table(store.open(ref).file("history.parquet"))
    rows = {}
    for name in table.columns.drop("step"):
        rows[name] = [
            (int(step), pytest.approx(value, rel=1e-6)) for step, value in table[["step", name]].dropna().to_numpy()
        ]
    return rows


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_term_of_the_history_is_logged_at_its_step_and_the_bytes_are_the_same(features, tmp_path, kind):
    without = train_again(features, None, kind)
    ref = train_again(features, tmp_path, kind)
    assert ref == without
    assert logged(log_folder(tmp_path, "sub-01 test", ref.key)) == history(features[0], ref)
    assert [path.parent for path in tmp_path.rglob("events*")] == [log_folder(tmp_path, "sub-01 test", ref.key)]


def test_a_training_that_was_stopped_and_resumed_has_each_step_once(features, tmp_path, monkeypatch, caplog):
    # As often as there are blocks.
    monkeypatch.setattr("escgan.gan.training.Loop", lambda *given: Loop(*given[:-1], 0.0))
    whole = train_again(features, None)
    shares = []

    class Stop(Listener):
        def share(self, stage, unit, share):
            shares.append(share)
            if share > 0.5:
                raise KeyboardInterrupt

    with listening(Stop()), pytest.raises(KeyboardInterrupt):
        train_again(features, tmp_path)
    folder = log_folder(tmp_path, "sub-01 test", whole.key)
    before = {name: [step for step, _ in rows] for name, rows in logged(folder).items()}
    with caplog.at_level("INFO", "escgan"):
        ref = train_again(features, tmp_path)
    assert "resumes at step" in caplog.text and ref == whole
    assert logged(folder) == history(features[0], ref)
    assert all(
        rows and rows == [step for step, _ in logged(folder)[name]][: len(rows)] for name, rows in before.items()
    )


def test_folds_that_train_as_one_program_have_a_log_each(features, tmp_path):
    store, science = features
    units = {f"fold {n} é": science(fold=n) for n in (0, 1)}
    refs = execute_pack(train, store, units, device="cpu", mode="refresh", tensorboard=tmp_path)
    for unit, (ref, _) in refs.items():
        assert logged(log_folder(tmp_path, unit, ref.key)) == history(store, ref)
    assert len(list(tmp_path.iterdir())) == 2


def test_what_the_store_holds_is_neither_computed_nor_logged(features, tmp_path):
    store, science = features
    train_again(features, None)
    _, computed = train.execute(Store(store.root), "sub-01 test", science(), tensorboard=tmp_path)
    assert not computed and not list(tmp_path.iterdir())


def test_nobody_loads_tensorboard_unasked():
    code = "import sys, tasks.training, flows.pipeline; print(any('tensorboard' in name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False"]
