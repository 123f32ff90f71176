"""Studies on the small cohort: what they compute, what they reuse, and the files that people read."""

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from escgan.config import parse_config
from escgan.studies import parse_study
from flows.closing import print_study
from flows.display import RunDisplay
from flows.fan import Tally
from flows.study import StudyOutcome
from storage.hdf5 import read_arrays
from storage.store import Store
from storage.tables import read_table
from tasks.progress import Counts
from tests.flows.conftest import ON_CPU, SMALL, computed

CNN = {"kind": "cnn", "hidden": 2, "epochs": 1}


@pytest.fixture
def studied(prefect_api):
    """Run a study of the small experiment: ``studied(root, data, kind, options, **changes)``."""
    from flows.study import study

    def run(root, data, kind, options=None, **changes):
        settings = parse_study(kind, options or {})
        return study(parse_config(SMALL | changes), settings, data=data, root=root, execution=ON_CPU)

    return run


def test_a_comparison_reuses_what_a_run_has_made_and_leaves_its_files(studied, store_copy, cohort):
    outcome = studied(store_copy, cohort, "compare")
    assert computed(outcome) == {"study": 1}
    folder = store_copy / "studies" / "small-compare"
    assert outcome.page == folder / "study.md"
    assert {path.name for path in folder.iterdir()} == {"study.md", "figure.png", "table.csv", "scores.csv"}
    page = outcome.page.read_text()
    assert "escgan study compare small.yaml --data DIR" in page and "![" in page
    # Every number of the page is that of the stored scores.
    scores = pd.read_csv(folder / "scores.csv", dtype={"subject": str})
    mean = scores.groupby(["augmenter", "subject"])["auroc"].mean().groupby("augmenter").mean()
    shown = pd.read_csv(folder / "table.csv").set_index("augmenter")["AUROC"]
    assert {name: round(value, 3) for name, value in mean.items()} == shown.to_dict()
    assert computed(studied(store_copy, cohort, "compare")) == {}


def test_a_hard_case_takes_windows_from_training_sides_alone(studied, store_copy, cohort):
    outcome = studied(store_copy, cohort, "hard_case", {"label": "low valence", "keep": [0.2, 1.0]})
    # The whole is the experiment that the store holds already.
    assert computed(outcome) == {"train": 4, "augment": 4, "evaluate": 8, "study": 1}
    store = Store(store_copy)
    made = {bool(m.config["side"]): m for m in store.list("augment") if m.unit == "sub-01 escgan"}
    lacked = {
        scarce: read_arrays(store.root / "artifacts" / "augment" / m.key / "edited.h5") and m
        for scarce, m in made.items()
    }
    assert lacked[True].config["side"]["scarcity"] == {"label": "low valence", "keep": 0.2, "seed": 0}
    tested = {m.key: read_table(store.root / "artifacts" / "evaluate" / m.key / "predictions.parquet")
              for m in store.list("evaluate") if m.unit == "sub-01 none logistic"}  # fmt: skip
    whole, scarce = tested.values()
    np.testing.assert_array_equal(whole["y_true"], scarce["y_true"])
    assert not np.allclose(whole.filter(like="p: "), scarce.filter(like="p: "))


def test_fewer_subjects_train_in_a_learning_curve(studied, store_copy, cohort):
    outcome = studied(store_copy, cohort, "learning_curve", {"n_subjects": [2]}, augmenters=["none"])
    assert computed(outcome) == {"evaluate": 4, "study": 1}
    fewest = min(len(m.inputs) for m in Store(store_copy).list("evaluate"))
    assert fewest == 3, "two that train and one that is tested"


def test_networks_are_attacked_and_edits_compared(studied, store_copy, cohort):
    attacked = studied(
        store_copy, cohort, "robustness", {"attacks": {"attacks": ["fgsm"], "epsilons": [0.5]}}, classifiers=[CNN]
    )
    assert computed(attacked) == {"robustness": 8, "study": 1}
    assert set(attacked.table["attack"]) == {"none", "fgsm"}
    told = pd.read_csv(attacked.page.parent / "scores.csv")
    assert set(told["augmenter"]) == {"none", "escgan"} and set(told["classifier"]) == {"cnn"}
    compared = studied(
        store_copy, cohort, "fidelity", {"comparison": {"evaluator": {k: v for k, v in CNN.items() if k != "kind"}}},
        augmenters=["none", "smote"],
    )  # fmt: skip
    assert computed(compared) == {"augment": 4, "fidelity": 4, "study": 1}
    assert set(compared.table["augmenter"]) == {"smote"} and set(compared.table["compared"]) == {"edits", "real"}


def test_a_study_of_edits_of_which_none_was_accepted_says_so(studied, store_copy, cohort):
    refusing = {"kind": "escgan", "network": {"hidden": 2}, "training": {"epochs": 2, "batch_size": 32}, "delta": -1e6}
    outcome = studied(store_copy, cohort, "fidelity", augmenters=["none", refusing])
    assert outcome.found == (
        "No window was made, or none accepted, by escgan in any fold: there is nothing to compare.",
    )
    assert len(outcome.table) == 0 and outcome.found[0] in outcome.page.read_text()
    print_study(Console(width=120), outcome)


def test_the_command_runs_a_study_by_its_hyphened_name(escgan, store_copy, cohort, tmp_path, prefect_api, monkeypatch):
    path = tmp_path / "small.yaml"
    path.write_text(
        parse_config(SMALL | {"augmenters": ["none", "smote"]}).to_yaml() + "studies:\n  balance: {ratios: [1.0]}\n"
    )
    monkeypatch.setattr("flows.foreground.prepare_prefect", lambda root: None)
    code, out, _ = escgan("study", "balance", path, "--data", cohort, "--root", store_copy, "--device", "cpu")
    assert code == 0, out
    assert "Of 1 comparisons of balanced accuracy" in out and "small-balance/study.md" in out.replace("\n", "")
    code, _, err = escgan("study", "hard-case", path, "--data", cohort, "--root", store_copy)
    assert code == 2 and "the setting 'studies.hard_case.label' is missing" in err
    code, _, err = escgan("study", "astrology", path)
    assert code == 2 and "There is no study 'astrology': expected one of compare" in err


def test_the_display_counts_each_part_of_a_study_anew(capsys):
    import io

    from rich.console import Console

    said = io.StringIO()
    with RunDisplay(Console(file=said, force_terminal=False, width=100)) as display:
        for part in ("keep 0.1", "keep 0.5"):
            display.part(part)
            display.begin("evaluate", 1)
            display.share("evaluate", "sub-01", 1.0)
            display.end("evaluate", Counts(computed=1))
    assert said.getvalue().count("evaluate: 1 done") == 2
    assert said.getvalue().index("keep 0.1") < said.getvalue().index("keep 0.5")


def test_a_studys_table_is_printed_with_four_digits_and_nothing_where_nothing_is_known(capsys):
    table = pd.DataFrame({"augmenter": ["escgan", "cvae"], "Frechet": [209.76823, np.nan], "copies": [0, 3]})
    print_study(Console(width=120), StudyOutcome(Tally(), table=table, found=("It is so.",)))
    said = capsys.readouterr().out
    assert "209.8" in said and "209.76" not in said and "nan" not in said and "• It is so." in said
