import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from escgan.augmenters import AUGMENTERS, Balance
from escgan.augmenters.escgan import EscganAugmenter
from escgan.augmenters.smote import SmoteAugmenter
from escgan.bands import BAND_SETS, Band
from escgan.classifiers import CLASSIFIERS
from escgan.config import PipelineConfig, load_config, parse_config
from escgan.datasets import DATASETS, FeatureCorpus
from escgan.errors import ConfigError
from escgan.evaluation.protocols import PROTOCOLS
from escgan.features.config import FeatureConfig
from escgan.gan.config import NetworkConfig
from escgan.labels import LABELS
from escgan.preprocessing import PREPROCESSORS

ROOT = Path(__file__).parents[2]
SHIPPED = sorted([*(ROOT / "configs").glob("*.yaml"), ROOT / "flows" / "demo.yaml"])
SMALL = {"dataset": "simulated", "augmenters": ["none"], "classifiers": ["logistic"]}
REGISTRIES = {
    "datasets": DATASETS,
    "preprocessors": PREPROCESSORS,
    "labels": LABELS,
    "protocols": PROTOCOLS,
    "augmenters": AUGMENTERS,
    "classifiers": CLASSIFIERS,
}

every_entry = pytest.mark.parametrize(
    ("registry", "kind"), [(name, kind) for name, registry in REGISTRIES.items() for kind in registry]
)


def parse(**changed):
    return parse_config(SMALL | changed)


def error(**changed):
    with pytest.raises(ConfigError) as raised:
        parse(**changed)
    return str(raised.value)


@every_entry
def test_every_registrys_key_is_its_class_kind(registry, kind):
    assert REGISTRIES[registry][kind].model_fields["kind"].default == kind


@every_entry
def test_every_setting_of_every_kind_has_a_description(registry, kind):
    fields = REGISTRIES[registry][kind].model_fields
    assert [name for name, field in fields.items() if name != "kind" and not field.description] == []


@pytest.mark.parametrize("group", [PipelineConfig, FeatureConfig, Balance, Band])
def test_every_setting_outside_the_registries_has_a_description(group):
    fields = group.model_fields
    assert [name for name, field in fields.items() if name != "kind" and not field.description] == []


def test_there_are_configurations_to_ship():
    assert {path.name for path in SHIPPED} >= {"demo.yaml", "deap.yaml", "eegmat.yaml"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_configuration_loads_and_survives_the_round_trip(path):
    config = load_config(path)
    assert parse_config(yaml.safe_load(config.to_yaml())) == config
    # A comparison without the baseline would say nothing.
    assert {"none", "class_weight"} <= {a.kind for a in config.augmenters}


ON_SIGNALS = {
    "preprocessing": ["resample", "reference", {"kind": "notch", "freqs_hz": [50]}, {"kind": "bandpass", "low_hz": 1}],
    "features": {"bands": [{"name": "väčšie", "low_hz": 1, "high_hz": 4.5}], "step_s": 0.5},
}


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_configuration_written_out_reads_back_equal(dataset, protocol):
    config = parse(
        dataset=dataset,
        protocol=protocol,
        augmenters=[*AUGMENTERS],
        classifiers=[*CLASSIFIERS],
        seeds=[3, 1, 2],
        balance={"ratio": 0.5},
        **({} if issubclass(DATASETS[dataset], FeatureCorpus) else ON_SIGNALS),
    )
    text = config.to_yaml()
    again = parse_config(yaml.safe_load(text))
    assert again == config and again.to_yaml() == text
    assert again.model_dump_json() == config.model_dump_json()


def test_what_was_written_out_hides_no_default():
    written = yaml.safe_load(parse(augmenters=["smote"]).to_yaml())
    assert set(written) == set(PipelineConfig.model_fields)
    assert written["augmenters"] == [{"kind": "smote", "neighbours": 5}]
    assert written["features"]["bands"][0] == {"name": "theta", "low_hz": 4.0, "high_hz": 8.0}


def test_two_settings_of_one_kind_stand_side_by_side_under_names_of_their_own():
    small = {"kind": "smote", "name": "smote-3", "neighbours": 3}
    config = parse(augmenters=["smote", small], classifiers=["svm", {"kind": "svm", "name": "linear-svm"}])
    assert [a.label for a in config.augmenters] == ["smote", "smote-3"]
    assert [c.label for c in config.classifiers] == ["svm", "linear-svm"]
    assert parse(**yaml.safe_load(config.to_yaml())) == config
    # A name is for people: it changes no result.
    assert config.augmenters[1].unnamed() == REGISTRIES["augmenters"]["smote"](neighbours=3)


@pytest.mark.parametrize("field", ["augmenters", "classifiers"])
def test_a_name_stands_for_the_kind_with_its_defaults(field):
    names = list(REGISTRIES[field])
    short, long = parse(**{field: names}), parse(**{field: [{"kind": name} for name in names]})
    assert short == long
    assert [type(item) for item in getattr(short, field)] == [REGISTRIES[field][name] for name in names]


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_dataset_and_a_protocol_may_be_a_name_too(dataset):
    assert parse(dataset=dataset, protocol="subject_k_fold") == parse(
        dataset={"kind": dataset}, protocol={"kind": "subject_k_fold"}
    )


def test_labels_may_be_a_name_too_and_what_their_kind_must_be_told_is_asked_for():
    assert parse(labels="quadrants") == parse(labels={"kind": "quadrants"})
    with pytest.raises(ConfigError, match=r"the setting 'labels.rating' is missing: add it"):
        parse(labels="tertiles")


def test_names_and_settings_may_stand_side_by_side():
    config = parse(augmenters=["none", {"kind": "smote", "neighbours": 3}, "escgan"])
    assert config.augmenters[1] == SmoteAugmenter(neighbours=3)
    assert config.generating == (SmoteAugmenter(neighbours=3), EscganAugmenter())


def test_settings_of_the_networks_reach_them():
    config = parse(augmenters=[{"kind": "escgan", "network": {"hidden": 7}, "training": {"epochs": 3}}])
    (augmenter,) = config.augmenters
    assert augmenter.network == NetworkConfig(hidden=7) and augmenter.training.epochs == 3


@pytest.mark.parametrize("dataset", DATASETS)
def test_what_is_not_given_is_what_the_corpus_usually_takes(dataset):
    config, corpus = parse(dataset=dataset), DATASETS[dataset]
    assert corpus().default_labels().items() <= config.labels.model_dump(mode="json").items()
    if issubclass(corpus, FeatureCorpus):
        assert (config.features, config.preprocessing) == (None, ())
        return
    assert config.features.bands == BAND_SETS[corpus.default_bands]
    assert config.features.window_s == corpus.default_window_s
    assert config.features.baseline == corpus.default_baseline
    assert config.preprocessing == config.dataset.default_preprocessing()


@pytest.mark.parametrize("dataset", [kind for kind, corpus in DATASETS.items() if issubclass(corpus, FeatureCorpus)])
@pytest.mark.parametrize("setting", [{"features": {"window_s": 2.0}}, {"preprocessing": ["reference"]}])
def test_a_corpus_of_features_takes_no_setting_that_works_on_signals(dataset, setting):
    assert f"'{dataset}' is distributed as features" in error(dataset=dataset, **setting)


def test_the_usual_settings_of_the_corpora_are_the_documented_ones():
    deap, eegmat = parse(dataset="deap"), parse(dataset="eegmat")
    assert [band.name for band in deap.features.bands] == ["theta", "alpha", "beta", "gamma"]
    assert (deap.features.window_s, deap.features.baseline, deap.preprocessing) == (1.0, "subtract", ())
    assert (deap.labels.rating, deap.labels.threshold) == ("valence", 5.0)
    assert len(eegmat.features.bands) == 5 and eegmat.features.window_s == 2.0
    assert [step.kind for step in eegmat.preprocessing] == ["reference", "resample"]
    assert eegmat.labels.classes == ("rest", "arithmetic")


def test_what_is_given_wins_over_what_is_usual_setting_by_setting():
    config = parse(dataset="eegmat", preprocessing=[], features={"window_s": 4.0})
    assert config.preprocessing == () and config.features.window_s == 4.0
    assert len(config.features.bands) == 5


def test_reading_a_configuration_leaves_the_values_as_they_were():
    values = {"dataset": "eegmat", "augmenters": ["none"], "classifiers": ["logistic"], "features": {"step_s": 1.0}}
    before = yaml.safe_dump(values)
    parse_config(values)
    assert yaml.safe_dump(values) == before


def test_an_experiment_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        parse().seeds = (1,)


FAULTS = {
    "key of nothing known": ({"version": 99}, "there is no setting 'version': remove it."),
    "unknown key": ({"classifier": ["cnn"]}, "there is no setting 'classifier': did you mean 'classifiers'?"),
    "unknown key like no other": ({"xyzzy": 1}, "there is no setting 'xyzzy': remove it."),
    "unknown key of a corpus": (
        {"dataset": {"kind": "simulated", "n_subject": 3}},
        "there is no setting 'dataset.n_subject': did you mean 'n_subjects'?",
    ),
    "unknown key of a network": (
        {"augmenters": [{"kind": "escgan", "network": {"hiden": 3}}]},
        "there is no setting 'augmenters.0.escgan.network.hiden': did you mean 'hidden'?",
    ),
    "unknown key of labels": (
        {"labels": {"kind": "threshold", "rating": "valence", "treshold": 3}},
        "there is no setting 'labels.treshold': did you mean 'threshold'?",
    ),
    "unknown key of a band": (
        {"features": {"bands": [{"name": "a", "low_hz": 1, "high_hz": 4, "hihg_hz": 3}]}},
        "there is no setting 'features.bands.0.hihg_hz': did you mean 'high_hz'?",
    ),
    "setting of something else": (
        {"classifiers": [{"kind": "logistic", "patience": 3}]},
        "there is no setting 'classifiers.0.logistic.patience': remove it.",
    ),
    "grid of no setting": (
        {"classifiers": [{"kind": "tuned", "classifier": "lda", "grid": {"C": [1]}}]},
        "classifiers.0.tuned: grid names 'C', which is no setting of classifier 'lda': name one of shrinkage.",
    ),
    "tuned inside tuned": (
        {"classifiers": [{"kind": "tuned", "classifier": "tuned"}]},
        "classifiers.0.tuned.classifier is 'tuned', expected one of: "
        f"{', '.join(kind for kind in CLASSIFIERS if kind != 'tuned')}.",
    ),
    "unknown corpus": (
        {"dataset": "eegmath"},
        f"dataset is 'eegmath', expected one of: {', '.join(DATASETS)} (did you mean 'eegmat'?).",
    ),
    "unknown augmenter": (
        {"augmenters": ["none", "smot"]},
        f"augmenters.1 is 'smot', expected one of: {', '.join(AUGMENTERS)} (did you mean 'smote'?).",
    ),
    "unknown classifier like no other": (
        {"classifiers": ["zzz"]},
        f"classifiers.0 is 'zzz', expected one of: {', '.join(CLASSIFIERS)}.",
    ),
    "unknown protocol": (
        {"protocol": "leave_one_out"},
        f"protocol is 'leave_one_out', expected one of: {', '.join(PROTOCOLS)} "
        "(did you mean 'leave_one_subject_out'?).",
    ),
    "unknown band set": (
        {"features": {"bands": "sead"}},
        f"features.bands: there is no band set 'sead': expected one of {', '.join(BAND_SETS)}.",
    ),
    "no kind": ({"augmenters": [{"neighbours": 3}]}, "augmenters.0 does not say its 'kind': add it."),
    "corpus without a kind": ({"dataset": {"n_subjects": 3}}, "dataset does not say its 'kind': add it."),
    "corpus of the wrong type": (
        {"dataset": 5},
        "dataset should be a mapping of settings, each on a line of its own.",
    ),
    "wrong type": ({"seeds": ["a"]}, "seeds.0 is 'a', and should be an integer."),
    "wrong type inside": (
        {"augmenters": [{"kind": "escgan", "network": {"hidden": "many"}}]},
        "augmenters.0.escgan.network.hidden is 'many', and should be an integer.",
    ),
    "no list": ({"augmenters": "none"}, "augmenters is one value, and a list is expected: write [none]."),
    "empty list": ({"seeds": []}, "seeds holds 0 where at least 1 is needed."),
    "out of range": ({"balance": {"ratio": 2}}, "balance.ratio is 2, and should be less than or equal to 1."),
    "out of range in a network": (
        {"augmenters": [{"kind": "escgan", "network": {"hidden": 0}}]},
        "network.hidden is 0: give at least 1.",
    ),
    "no finite number": (
        {"features": {"window_s": float("nan")}},
        "features.window_s is nan, and should be a finite number.",
    ),
    "not one of the words": (
        {"normalization": "per_person"},
        "normalization is 'per_person', and should be 'none', 'global', 'per_subject' or 'coral'.",
    ),
    "missing inside": ({"labels": {"kind": "threshold"}}, "the setting 'labels.rating' is missing: add it."),
    "augmenter twice": (
        {"augmenters": ["smote", "none", {"kind": "smote", "neighbours": 3}]},
        "augmenters lists 'smote' twice: list each once, or give one of them a name.",
    ),
    "classifier twice": (
        {"classifiers": ["cnn", "cnn"]},
        "classifiers lists 'cnn' twice: list each once, or give one of them a name.",
    ),
    "name twice": (
        {"classifiers": [{"kind": "svm", "name": "x"}, {"kind": "lda", "name": "x"}]},
        "classifiers lists 'x' twice: list each once, or give one of them a name.",
    ),
    "another's name": (
        {"augmenters": ["none", {"kind": "smote", "name": "escgan"}]},
        "augmenters calls 'smote' by the name of another, 'escgan': rename it.",
    ),
    "a rival renamed": (
        {"augmenters": [{"kind": "class_weight", "name": "weights"}]},
        "augmenters renames 'class_weight', which verdicts compare with: remove its name.",
    ),
    "scarce class": (
        {"scarcity": {"label": "sad", "keep": 0.5}},
        "scarcity.label is 'sad', expected one of: low valence, high valence.",
    ),
    "nothing kept": (
        {"scarcity": {"label": "low", "keep": 0}},
        "scarcity.keep is 0, and should be greater than 0.",
    ),
    "seed twice": ({"seeds": [1, 2, 1]}, "seeds lists a number twice in [1, 2, 1]: list each once."),
    "a truth value for a word": (
        {"labels": {"kind": "classes", "classes": [True, "b"]}},
        "labels.classes.0 is true, as YAML reads yes, no, on and off: put the word in quotes.",
    ),
    "a number for a name": (
        {"labels": {"kind": "classes", "classes": ["a", 2]}},
        "labels.classes.1 is the number 2, and a name is expected: put it in quotes.",
    ),
    "one class": (
        {"labels": {"kind": "classes", "classes": ["a"]}},
        "labels.classes holds 1 where at least 2 are needed.",
    ),
    "a band by its name alone": (
        {"features": {"bands": ["alpha"]}},
        "features.bands.0 should be a mapping of settings (name, low_hz, high_hz), each on a line of its own.",
    ),
    "a network by a word": (
        {"augmenters": [{"kind": "escgan", "network": "big"}]},
        "augmenters.0.escgan.network should be a mapping of settings "
        f"({', '.join(field.name for field in fields(NetworkConfig))}), each on a line of its own.",
    ),
    "a decimal comma": ({"features": {"window_s": "2,0"}}, "features.window_s is '2,0', and should be a number."),
    "an option of the corpus": (
        {"dataset": {"kind": "bids", "trial": 3}},
        "there is no setting 'dataset.trial': did you mean 'trial_s'?",
    ),
    "one channel where a list belongs": (
        {"dataset": {"kind": "bids", "drop": "A2-A1"}},
        "dataset.drop is one value, and a list is expected: write [A2-A1].",
    ),
    "like a setting of something else": (
        {"features": {"window": 2.0}},
        "there is no setting 'features.window': did you mean 'window_s'?",
    ),
    "band twice": (
        {"features": {"bands": [{"name": "a", "low_hz": 1, "high_hz": 2}, {"name": "a", "low_hz": 2, "high_hz": 3}]}},
        "features: bands are named twice in ['a', 'a']: give each its own name.",
    ),
}


@pytest.mark.parametrize(("changed", "said"), FAULTS.values(), ids=FAULTS)
def test_every_kind_of_fault_is_one_sentence_that_names_the_place(changed, said):
    assert error(**changed) == f"In the configuration: {said}"


@pytest.mark.parametrize("name", ["two words", "", "../up", ".hidden"])
def test_a_name_that_is_no_file_name_is_refused(name):
    assert error(name=name).startswith(f"In the configuration: name is {name!r}: use letters, digits and '.', ")


@pytest.mark.parametrize("missing", SMALL)
def test_a_setting_without_a_default_must_be_given(missing):
    with pytest.raises(ConfigError, match=f"the setting '{missing}' is missing: add it"):
        parse_config({key: value for key, value in SMALL.items() if key != missing})


def test_the_message_of_a_file_names_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("dataset: simulated\naugmenters: [none]\nclassifiers: [logistik]\n")
    with pytest.raises(ConfigError, match=rf"In {re.escape(str(path))}: classifiers.0 is .* mean 'logistic'\?"):
        load_config(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no settings: give dataset, augmenters and classifiers."),
        (b"# only a comment\n", "holds no settings: give dataset, augmenters and classifiers."),
        (b"- dataset\n- augmenters\n", "holds no settings: give dataset, augmenters and classifiers."),
        (b"dataset: simulated\naugmenters: [none\nclassifiers: [cnn]\n", "is not valid YAML at line 3: check"),
        (b"dataset: !!python/object:os.system x\n", "is not valid YAML at line 1: check"),
        (b"name: \xff\xfe\n", "is not UTF-8 text: is it the right file?"),
    ],
    ids=["empty", "comment", "list", "bracket", "object", "bytes"],
)
def test_a_file_that_holds_no_configuration_is_refused_in_one_sentence(tmp_path, content, said):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert str(raised.value).startswith(f"Configuration '{path}' {said}") and "\n" not in str(raised.value)


def test_a_name_that_no_file_can_have_is_refused():
    assert parse(name="a" * 100).name == "a" * 100
    with pytest.raises(ConfigError) as caught:
        parse(name="a" * 101)
    assert str(caught.value) == "In the configuration: name has 101 letters: give 100 at most."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds: [1, 2]\n%s\nseeds: [3]\n", "gives 'seeds' twice at lines 1 and 5: keep one of them."),
        ('%s\nbalance: {to: 0.5, "to": 1.0}\n', "gives 'to' twice at line 4: keep one of them."),
        ("%s\nlabels: {classes: {10: calm, 0xA: fear}}\n", "gives '0xA' twice at line 4: keep one of them."),
    ],
)
def test_a_setting_that_is_given_twice_is_refused_with_its_lines(text, said, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text % "dataset: simulated\naugmenters: [none]\nclassifiers: [logistic]")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value) == f"Configuration '{path}' {said}"


def test_a_mapping_may_give_anew_what_it_merges_as_yaml_has_it(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "dataset: &cohort {kind: simulated, n_subjects: 5, n_trials: 4}\naugmenters: [none]\n"
        "classifiers: [{kind: svm, name: a}, &b {kind: svm, name: b, C: 2.0}, {<<: *b, name: c}, {<<: *b, name: d}]\n"
    )
    assert [(each.name, each.C) for each in load_config(path).classifiers[1:]] == [("b", 2), ("c", 2), ("d", 2)]


@pytest.mark.parametrize(("name", "said"), [("absent.yaml", "No such file"), ("", "Is a directory")])
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path, name, said):
    with pytest.raises(ConfigError, match=f"cannot be read: {said}.*; check the path"):
        load_config(tmp_path / name)


def laughs(line: bytes) -> bytes:
    """Write levels of nine aliases each of the level below: ten lines that stand for billions of values."""
    return b"a0: &a0 {l: 1}\n" + b"".join(line % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 10))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (laughs(b"a%d: &a%d [%s]\n") + b"dataset: {kind: *a9}\n", "more than 20000 values, aliases followed"),
        (b"dataset: &d {kind: deap, rename: *d}\n", "more than 20000 values, aliases followed"),
        (laughs(b"a%d: &a%d {<<: [%s]}\n"), "is not valid YAML at line"),
        (b"seeds: [" + b"9" * 5000 + b"]\n", "holds what no setting can be"),
        (b"seeds: [0x" + b"f" * 5000 + b"]\n", "a number has 20000 bits: give one of 64 at most"),
        (b"[" * 100_000, "holds what no setting can be"),
        (b"name: 2001-99-99\n", "holds what no setting can be"),
        (
            b"augmenters: [{kind: escgan, preset: {a: b}}]\ndataset: deap\nclassifiers: [lda]\n",
            "preset: input should be",
        ),
    ],
    ids=["laughs", "itself", "merges", "digits", "hexadecimal", "brackets", "date", "preset"],
)
def test_a_file_made_to_do_harm_is_refused_at_once(tmp_path, content, said):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as raised:
        load_config(path)
    assert str(raised.value).isprintable() and str(path) in str(raised.value)


def test_a_path_may_be_text(tmp_path):
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(SMALL))
    assert load_config(str(tmp_path / "a.yaml")) == load_config(tmp_path / "a.yaml") == parse()


def test_forms_take_a_kinds_name_for_its_settings_as_the_parser_does():
    import jsonschema

    schema = PipelineConfig.model_json_schema()
    short = {
        "dataset": "deap",
        "preprocessing": ["resample"],
        "protocol": "leave_one_subject_out",
        "augmenters": ["none", {"kind": "smote"}],
        "classifiers": ["logistic"],
    }
    jsonschema.validate(short, schema)
    assert parse_config(short).dataset.kind == "deap"
    for field, wrong in (("dataset", "dep"), ("preprocessing", ["resampel"]), ("augmenters", ["smotte"])):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(short | {field: wrong}, schema)
    assert all(schema["properties"][field].get("description") for field in short)
