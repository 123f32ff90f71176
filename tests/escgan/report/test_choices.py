"""What an augmenter that chooses tells in the report, alone and beside networks with losses."""

import numpy as np
import pandas as pd
import pytest

from escgan.report.figures_training import loss_terms, training_steps
from escgan.report.page import render_report
from escgan.report.sections_edits import training_section
from escgan.report.table_choices import choice_table

CONFIG = """
augmenters:
- kind: none
- kind: auto
  candidates:
  - kind: smote
  - kind: noise
  - kind: noise
"""


def trials(chosen=(3, 0), augmenter="auto", seed=0):
    """Two folds' histories; row 3 of the first and row 0 of the second were chosen."""
    rows = []
    for fold, best in zip(("sub-01", "sub-02"), chosen, strict=True):
        for i, (candidate, ratio) in enumerate([(-1, 0.0), (0, 0.5), (1, 0.5), (2, 1.0)]):
            score = 0.5 + i / 10 + (fold == "sub-02") / 10
            rows.append((augmenter, fold, seed, candidate, ratio, score if candidate else np.nan, float(i == best)))
    return pd.DataFrame(rows, columns=["augmenter", "fold", "seed", "candidate", "ratio", "score", "chosen"])


def rows_of(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_a_choice_without_a_network_shows_no_losses_and_what_was_chosen(make_data):
    data = make_data(
        n_subjects=2, augmenters=("none",), classifiers=("mlp",), spectra={}, history=trials(), config_yaml=CONFIG
    )
    assert loss_terms(data) == [] and training_steps(data).empty
    rows = rows_of(choice_table(data))
    assert rows == [
        ["auto", "none", "–", "0.550", "1 of 2"],
        ["auto", "noise (2)", "100 %", "0.850", "1 of 2"],
        ["auto", "smote", "50 %", "–", "0 of 2"],
        ["auto", "noise (1)", "50 %", "0.750", "0 of 2"],
    ]
    assert "there are no losses" in training_section(data).blocks[0].text
    assert "What each augmenter that chooses chose from" in render_report(data)


@pytest.mark.parametrize("first", [True, False])
def test_a_choice_beside_a_network_leaves_its_losses_as_they_are(make_data, first):
    alone = make_data(n_subjects=2, augmenters=("none", "escgan"), classifiers=("mlp",), spectra={})
    both = [trials(), alone.history] if first else [alone.history, trials()]
    data = make_data(
        n_subjects=2, augmenters=("none", "escgan"), classifiers=("mlp",), spectra={}, history=pd.concat(both)
    )
    assert set(loss_terms(data)) == set(loss_terms(alone)) and len(loss_terms(alone)) > 3
    pictures = [training_section(d).blocks[0] for d in (data, alone)]
    assert pictures[0].alt == pictures[1].alt
    # Without the configuration's names, the candidates' numbers.
    assert [row[1] for row in rows_of(choice_table(data))] == ["none", "candidate 3", "candidate 1", "candidate 2"]


def test_two_settings_of_auto_keep_their_choices_apart_and_count_trainings_of_every_seed(make_data):
    config = (
        CONFIG
        + """
- kind: auto
  name: wary
  candidates:
  - kind: mixup
  - kind: smote
  - kind: noise
"""
    )
    # Per seed, auto takes its last candidate once and none once; wary takes none in one seed throughout.
    history = [trials(seed=0), trials(seed=1), trials((0, 0), "wary", 0), trials((1, 1), "wary", 1)]
    data = make_data(n_subjects=2, history=pd.concat(history), config_yaml=config)
    chosen = {(row[0], row[1]): row[4] for row in rows_of(choice_table(data))}
    assert chosen == {
        ("auto", "none"): "2 of 4",
        ("auto", "noise (2)"): "2 of 4",
        ("auto", "smote"): "0 of 4",
        ("auto", "noise (1)"): "0 of 4",
        ("wary", "none"): "2 of 4",
        ("wary", "mixup"): "2 of 4",
        ("wary", "smote"): "0 of 4",
        ("wary", "noise"): "0 of 4",
    }


def test_without_a_choice_there_is_no_table_of_it(make_data):
    assert choice_table(make_data(n_subjects=2)) is None
    assert choice_table(make_data(n_subjects=2, history=pd.DataFrame())) is None
