"""The commands that write, check and describe configurations."""

from __future__ import annotations

import json

from tests.films import write_films


def test_a_new_configuration_is_written_and_never_over_another(escgan, tmp_path):
    path = tmp_path / "deap.yaml"
    code, said, _ = escgan("config", "new", "deap", "--out", path)
    assert code == 0 and f"Next: escgan run {path}" in said
    code, printed, _ = escgan("config", "new", "deap")
    assert code == 0 and printed == path.read_text(encoding="utf-8")
    code, _, errors = escgan("config", "new", "eegmat", "--out", path)
    assert code == 2 and "is there already" in errors and printed == path.read_text(encoding="utf-8")
    code, _, errors = escgan("config", "new", "deap", "--out", tmp_path / "nowhere" / "deap.yaml")
    assert code == 2 and "cannot be written: No such file or directory" in errors


def test_conditions_of_ones_own_are_filled_in_from_the_folder_and_are_examples_without(escgan, tmp_path):
    folder, path = write_films(tmp_path / "films"), tmp_path / "films.yaml"
    code, said, _ = escgan("config", "new", "folder", "--data", folder, "--out", path)
    assert code == 0 and "examples" not in said and f"Next: escgan run {path} --data {folder}" in said
    assert "classes: [calm, fear]" in path.read_text(encoding="utf-8")
    code, said, _ = escgan("inspect", folder, "--config", path)
    assert code == 0 and "3 calm, 2 fear" in said
    code, said, _ = escgan("config", "new", "folder", "--out", tmp_path / "examples.yaml")
    assert code == 0 and "Its classes, happy and sad, are examples" in said
    code, said, _ = escgan("inspect", folder, "--config", tmp_path / "examples.yaml")
    assert code == 3 and "they have the conditions 'calm' (9 trials), 'fear' (6 trials)" in said and "Next:" not in said
    code, _, errors = escgan("config", "new", "deap", "--data", folder)
    assert code == 2 and "The classes of 'deap' are known" in errors
    code, _, errors = escgan("config", "new", "foldr", "--data", folder)
    assert code == 2 and "There is no corpus 'foldr': expected one of amigos, bids" in errors
    assert "(did you mean 'folder'?)" in errors and "known" not in errors


def test_inspect_knows_of_a_configuration_whose_window_no_trial_holds(escgan, tmp_path):
    folder, path = write_films(tmp_path / "films"), tmp_path / "films.yaml"
    escgan("config", "new", "folder", "--data", folder, "--out", path)
    assert escgan("inspect", folder, "--config", path)[0] == 0
    written = path.read_text(encoding="utf-8")
    assert "window_s: 2.0" in written
    path.write_text(written.replace("window_s: 2.0", "window_s: 400.0"), encoding="utf-8")
    code, said, _ = escgan("inspect", folder, "--config", path)
    assert code == 3 and "less than one window of 400 s: shorten the window (features.window_s)" in said
    assert "Next:" not in said


def test_where_no_recording_can_be_read_yet_the_way_to_a_file_to_set_that_in_is_told(escgan, tmp_path):
    folder = write_films(tmp_path / "films")
    for path in folder.iterdir():
        if path.suffix != ".csv":
            path.write_bytes(b"")
    code, _, errors = escgan("config", "new", "folder", "--data", folder)
    assert code == 3 and "can be read; the first: " in errors
    assert "Without the folder a configuration is written all the same: set there, below 'dataset', what" in errors


def test_a_run_that_would_compare_nothing_is_told_by_validate(escgan, tmp_path):
    path = tmp_path / "alone.yaml"
    for augmenters, alone in (("[smote]", True), ("[none, threshold]", True), ("[none, smote]", False)):
        path.write_text(f"dataset: deap\naugmenters: {augmenters}\nclassifiers: [lda]\n")
        code, said, _ = escgan("config", "validate", path)
        assert code == 0 and ("Its run will compare nothing: that needs one of none, class_weight or" in said) == alone


def test_a_valid_configuration_is_told_in_two_sentences(escgan, tmp_path):
    path = tmp_path / "deap.yaml"
    escgan("config", "new", "deap", "--out", path)
    code, said, _ = escgan("config", "validate", path)
    assert code == 0 and "is valid: deap, on DEAP" in said
    assert "5 augmenters (none, class_weight, threshold, smote and escgan), 2 classifiers (logistic and cnn)" in said


def test_with_full_every_default_is_printed_and_is_a_configuration_itself(escgan, tmp_path):
    path, full = tmp_path / "short.yaml", tmp_path / "full.yaml"
    path.write_text("{dataset: eegmat, augmenters: [none], classifiers: [svm]}")
    _, printed, _ = escgan("config", "validate", path, "--full")
    assert "window_s: 2.0" in printed
    full.write_text(printed)
    assert escgan("config", "validate", full, "--full")[1] == printed


def test_a_wrong_key_is_answered_by_the_one_that_was_meant(escgan, tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("{dataset: deap, augmentors: [none], classifiers: [svm]}")
    code, _, errors = escgan("config", "validate", path)
    assert code == 2 and "there is no setting 'augmentors': did you mean 'augmenters'?" in errors


def test_studies_that_their_command_would_refuse_are_refused(escgan, tmp_path):
    path = tmp_path / "studies.yaml"
    text = "{dataset: deap, augmenters: [none], classifiers: [svm], studies: {hard_case: {label: %s}}}"
    path.write_text(text % "nonsense")
    code, said, errors = escgan("config", "validate", path)
    refused = escgan("study", "hard-case", path, "--data", tmp_path)
    assert (code, said) == (2, "") and "hard_case.label is 'nonsense', expected one of: " in errors
    assert (code, errors) == (refused[0], refused[2])
    path.write_text(text % "low valence")
    code, said, _ = escgan("config", "validate", path)
    assert code == 0 and "It has options for hard_case." in said


def test_the_schema_is_printed_as_json(escgan):
    code, printed, _ = escgan("config", "schema")
    assert code == 0 and "augmenters" in json.loads(printed)["properties"]
