"""What every protocol promises, run over all of them, and what each does of its own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from escgan.errors import ConfigError
from escgan.evaluation.folds import Unit
from escgan.evaluation.protocols import PROTOCOLS, ProtocolConfig
from escgan.evaluation.protocols.cross_session import CrossSession
from escgan.evaluation.protocols.cross_trial import CrossTrial
from escgan.evaluation.protocols.leave_one_subject_out import LeaveOneSubjectOut
from escgan.evaluation.protocols.subject_k_fold import SubjectKFold
from escgan.evaluation.protocols.within_trial import WithinTrial

QUICK = {
    "leave_one_subject_out": LeaveOneSubjectOut(),
    "subject_k_fold": SubjectKFold(k=3),
    "cross_session": CrossSession(),
    "cross_trial": CrossTrial(k=3),
    "within_trial": WithinTrial(k=3),
}
FEWEST = {"leave_one_subject_out": 2, "subject_k_fold": 3}

every_protocol = pytest.mark.parametrize("kind", PROTOCOLS)
across_people = pytest.mark.parametrize("kind", FEWEST)
within_people = pytest.mark.parametrize("kind", ["cross_trial", "within_trial"])
cohorts = st.lists(
    st.builds(Unit, st.integers(0, 12).map("{:02d}".format), st.sampled_from("123")), unique=True, max_size=30
).filter(lambda units: len({unit.subject for unit in units}) >= 3)


def test_every_protocol_is_tested_here():
    assert set(QUICK) == set(PROTOCOLS)
    assert set(FEWEST) == {kind for kind in PROTOCOLS if PROTOCOLS[kind].level == "subject"}


@every_protocol
def test_the_registrys_key_is_the_kind_and_the_configuration_accepts_it(kind):
    assert PROTOCOLS[kind].model_fields["kind"].default == kind
    assert type(TypeAdapter(ProtocolConfig).validate_python({"kind": kind})) is PROTOCOLS[kind]


@every_protocol
def test_every_setting_has_a_description_and_every_protocol_a_title(kind):
    fields = PROTOCOLS[kind].model_fields
    assert [name for name, field in fields.items() if name != "kind" and not field.description] == []
    assert PROTOCOLS[kind].title and PROTOCOLS[kind].tested


@every_protocol
def test_what_tears_trials_apart_is_called_leaky_and_only_splits_by_people_speak_of_unseen_ones(kind):
    assert PROTOCOLS[kind].leaky == (PROTOCOLS[kind].level == "window")
    assert (PROTOCOLS[kind].tested == "unseen subjects") == (PROTOCOLS[kind].level == "subject")
    assert ("known" in PROTOCOLS[kind].tested) == (PROTOCOLS[kind].level != "subject")


@across_people
@settings(max_examples=30, deadline=None)
@given(units=cohorts)
def test_every_recording_is_tested_once_by_a_model_that_saw_nothing_of_its_subject(kind, units):
    folds = QUICK[kind].folds(units)
    assert sorted(unit for fold in folds for unit in fold.test) == sorted(units)
    for fold in folds:
        assert fold.test and fold.train
        assert sorted(fold.train + fold.test) == sorted(units)
        assert not {unit.subject for unit in fold.train} & {unit.subject for unit in fold.test}
    tested = [subject for fold in folds for subject in {unit.subject for unit in fold.test}]
    assert len(tested) == len(set(tested))
    assert len({fold.name for fold in folds}) == len(folds)


@every_protocol
@settings(max_examples=20, deadline=None)
@given(units=cohorts.filter(lambda units: len({unit.session for unit in units}) > 1), data=st.data())
def test_the_order_of_the_recordings_plays_no_part(kind, units, data):
    assert QUICK[kind].folds(data.draw(st.permutations(units))) == QUICK[kind].folds(units)


@across_people
def test_one_subject_too_few_is_refused_whatever_the_number_of_sessions(kind):
    few = FEWEST[kind] - 1
    units = [Unit(f"s{i}", session) for i in range(few) for session in "123"]
    found = ", ".join(f"s{i}" for i in range(few))
    with pytest.raises(ConfigError, match=rf"'{kind}' needs at least {few + 1} subjects, found only {found}: add"):
        QUICK[kind].folds(units)
    assert len(QUICK[kind].folds([*units, Unit("one more", "1")])) == FEWEST[kind]


@every_protocol
def test_no_recording_at_all_is_refused(kind):
    with pytest.raises(ConfigError, match="found none"):
        QUICK[kind].folds([])


def test_leaving_one_out_names_each_fold_after_its_subject():
    folds = LeaveOneSubjectOut().folds([Unit("b", "1"), Unit("a", "2"), Unit("a", "1")])
    assert [(fold.name, fold.test) for fold in folds] == [
        ("sub-a", (Unit("a", "1"), Unit("a", "2"))),
        ("sub-b", (Unit("b", "1"),)),
    ]


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 40), k=st.integers(2, 10), seed=st.integers(0, 1000))
def test_k_folds_differ_by_at_most_one_subject(n, k, seed):
    protocol = SubjectKFold(k=k, shuffle_seed=seed)
    units = [Unit(f"{i:02d}", "1") for i in range(n)]
    if n < k:
        with pytest.raises(ConfigError, match=f"at least {k} subjects"):
            protocol.folds(units)
        return
    sizes = [len(fold.test) for fold in protocol.folds(units)]
    assert len(sizes) == k and sum(sizes) == n and max(sizes) - min(sizes) <= 1


def test_the_deal_of_k_folds_follows_its_seed():
    units = [Unit(f"{i:02d}", "1") for i in range(20)]
    assert SubjectKFold(shuffle_seed=1).folds(units) == SubjectKFold(shuffle_seed=1).folds(units)
    assert SubjectKFold(shuffle_seed=1).folds(units) != SubjectKFold(shuffle_seed=2).folds(units)


def test_fewer_than_two_folds_are_refused():
    with pytest.raises(ValidationError, match="k"):
        SubjectKFold(k=1)


def test_each_session_is_tested_once_by_a_model_that_saw_only_others():
    units = [Unit(subject, session) for subject in ("01", "02") for session in ("1", "2", "3")] + [Unit("03", "2")]
    folds = CrossSession().folds(units)
    assert [fold.name for fold in folds] == ["ses-1", "ses-2", "ses-3"]
    assert sorted(unit for fold in folds for unit in fold.test) == sorted(units)
    for fold in folds:
        assert sorted(fold.train + fold.test) == sorted(units)
        assert not {unit.session for unit in fold.train} & {unit.session for unit in fold.test}


def test_one_session_is_too_few_to_leave_one_out():
    with pytest.raises(ConfigError, match="needs at least 2 sessions, found only session 1"):
        CrossSession().folds([Unit("01", "1"), Unit("02", "1")])


@within_people
def test_a_part_of_every_recording_is_tested_by_a_model_that_saw_the_rest(kind):
    units = [Unit("02", "1"), Unit("01", "1")]
    folds = QUICK[kind].folds(units)
    assert [fold.name for fold in folds] == ["part-1", "part-2", "part-3"]
    for i, fold in enumerate(folds):
        assert fold.train == fold.test == tuple(sorted(units))
        assert (fold.part.of, fold.part.k, fold.part.number) == (PROTOCOLS[kind].level, 3, i)
