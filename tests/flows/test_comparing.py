"""The command that holds two runs against each other."""

from __future__ import annotations

import json

import pytest

from flows.comparing import _apart
from storage.store import Store
from tasks.ledger import find_run


@pytest.fixture
def two(small, store_copy, cohort):
    small(store_copy, cohort, {"name": "other", "labels": {"kind": "threshold", "rating": "arousal", "threshold": 5}})
    return store_copy


def test_settings_that_differ_and_paired_scores_are_told(escgan, two):
    code, said, _ = escgan("compare", "small", "other", "--root", two)
    assert (
        code == 0 and "Settings: labels.rating: valence -> arousal" in said and "Settings: name: small -> other" in said
    )
    assert "4 common subjects" in said and said.count("undecided") == 4
    code, said, _ = escgan("compare", "small", "other", "--root", two, "--json")
    told = json.loads(said)
    assert code == 0 and {"setting": "labels.rating", "first": "valence", "second": "arousal"} in told["settings"]
    assert {row["augmenter"] for row in told["scores"]} == {"none", "escgan"} and told["versions"] == []


def test_entries_of_one_run_alone_are_named_in_settings_and_below_the_scores(escgan, small, store_copy, cohort):
    bands = [{"name": "alpha", "low_hz": 8, "high_hz": 14}, {"name": "gamma", "low_hz": 31, "high_hz": 44}]
    small(store_copy, cohort, {"name": "one", "augmenters": ["none", "smote"], "features": {"bands": bands}})
    bands[1] |= {"high_hz": 43}
    changes = {"name": "two", "augmenters": ["none", "mixup"], "classifiers": ["logistic", "lda"]}
    small(store_copy, cohort, changes | {"features": {"bands": bands}})
    code, said, _ = escgan("compare", "one", "two", "--root", store_copy)
    assert code == 0
    assert sorted(line for line in said.splitlines() if line.startswith("Settings: ")) == [
        "Settings: augmenters: smote only in one, mixup only in two",
        "Settings: classifiers: lda only in two",
        "Settings: features.bands.gamma.high_hz: 44.0 -> 43.0",
        "Settings: name: one -> two",
    ]
    below = said.partition("Paired over subjects")[2]
    assert "Not compared: augmenters: smote only in one, mixup only in two" in below
    assert "Not compared: classifiers: lda only in two" in below
    told = json.loads(escgan("compare", "one", "two", "--root", store_copy, "--json")[1])
    assert told["only"] == {
        "augmenters": {"first": ["smote"], "second": ["mixup"]},
        "classifiers": {"first": [], "second": ["lda"]},
    }
    mixup = next(one for one in told["settings"] if one["setting"] == "augmenters.mixup")
    assert mixup["first"] == "not set" and mixup["second"]["kind"] == "mixup"


def test_of_long_values_the_letters_that_differ_are_shown():
    channels = [f"EEG {i:03d}" for i in range(64)]
    one, other = _apart(channels, [*channels[:40], "Cz", *channels[41:]])
    assert '"EEG 040"' in one and '"Cz"' in other and max(len(one), len(other)) <= 60
    assert _apart(45, "x" * 100) == ("45", "x" * 57 + "...")


def test_one_run_is_not_held_against_itself_and_others_of_its_name_are_named(escgan, two, small, cohort):
    newest = find_run(Store(two), "small").id
    code, _, errors = escgan("compare", "small", newest[:8], "--root", two)
    assert code == 2 and f"'small' and '{newest[:8]}' both mean one run, {newest[:8]}: name another run; " in errors
    small(two, cohort, {"seeds": [1]})
    later = find_run(Store(two), "small").id
    code, _, errors = escgan("compare", "small", "small", "--root", two)
    assert code == 2 and f"'small' means one run, {later[:8]}: name an id of another of that name (" in errors
    assert newest[:8] in errors
    assert escgan("compare", newest, "small", "--root", two)[0] == 0


def test_reports_folders_serve_as_well_and_an_unknown_run_is_refused(escgan, finished):
    root, _ = finished
    ref = find_run(Store(root), "small").report
    folder = root / "artifacts" / "report" / ref.key
    code, said, _ = escgan("compare", folder, folder)
    assert code == 0 and "Both have the same settings and versions." in said and "Not compared" not in said
    code, _, errors = escgan("compare", "small", "nobody", "--root", root)
    assert code == 2 and "No run 'nobody' is known" in errors
