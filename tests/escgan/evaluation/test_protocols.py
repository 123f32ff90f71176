"""What every protocol promises, run over all of them, and what each does of its own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from escgan.errors import ConfigError
from escgan.evaluation.folds import Unit
from escgan.evaluation.protocols import PROTOCOLS, ProtocolConfig
from escgan.evaluation.protocols.leave_one_subject_out import LeaveOneSubjectOut
from escgan.evaluation.protocols.subject_k_fold import SubjectKFold

QUICK = {"leave_one_subject_out": LeaveOneSubjectOut(), "subject_k_fold": SubjectKFold(k=3)}
FEWEST = {"leave_one_subject_out": 2, "subject_k_fold": 3}

every_protocol = pytest.mark.parametrize("kind", PROTOCOLS)
cohorts = st.lists(
    st.builds(Unit, st.integers(0, 12).map("{:02d}".format), st.sampled_from("123")), unique=True, max_size=30
).filter(lambda units: len({unit.subject for unit in units}) >= 3)


def test_every_protocol_is_tested_here():
    assert set(QUICK) == set(FEWEST) == set(PROTOCOLS)


@every_protocol
def test_the_registrys_key_is_the_kind_and_the_configuration_accepts_it(kind):
    assert PROTOCOLS[kind].model_fields["kind"].default == kind
    assert type(TypeAdapter(ProtocolConfig).validate_python({"kind": kind})) is PROTOCOLS[kind]


@every_protocol
def test_every_setting_has_a_description_and_every_protocol_a_title(kind):
    fields = PROTOCOLS[kind].model_fields
    assert [name for name, field in fields.items() if name != "kind" and not field.description] == []
    assert PROTOCOLS[kind].title and PROTOCOLS[kind].level in ("subject", "session")


@every_protocol
def test_a_protocol_that_splits_by_people_is_not_called_leaky(kind):
    assert PROTOCOLS[kind].leaky == (PROTOCOLS[kind].level != "subject")


@every_protocol
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
@given(units=cohorts, data=st.data())
def test_the_order_of_the_recordings_plays_no_part(kind, units, data):
    assert QUICK[kind].folds(data.draw(st.permutations(units))) == QUICK[kind].folds(units)


@every_protocol
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
