import pytest

from escgan.errors import ConfigError, LeakageError
from escgan.evaluation.folds import Fold, Unit, check_disjoint, folds_by_subject, with_fewer_subjects

ANNA_1, ANNA_2, BEN_1, CARA_1 = Unit("anna", "1"), Unit("anna", "2"), Unit("ben", "1"), Unit("cara", "1")


def test_a_subject_on_both_sides_is_a_leak_even_in_another_session():
    fold = Fold("fold-1", train=(ANNA_1, BEN_1), test=(ANNA_2, CARA_1))
    with pytest.raises(LeakageError, match=r"Fold 'fold-1' trains on what it tests: subject anna stands on both"):
        check_disjoint(fold, "subject")


def test_at_session_level_other_sessions_of_a_subject_may_train():
    fold = Fold("fold-1", train=(ANNA_1, BEN_1), test=(ANNA_2, CARA_1))
    assert check_disjoint(fold, "session") is None


def test_at_session_level_the_same_session_on_both_sides_is_a_leak():
    fold = Fold("fold-1", train=(ANNA_1, ANNA_2), test=(ANNA_2, BEN_1))
    with pytest.raises(LeakageError, match="session 2 of subject anna stands on both sides"):
        check_disjoint(fold, "session")


def test_the_same_session_number_of_two_people_is_no_leak():
    assert check_disjoint(Fold("x", train=(ANNA_1,), test=(BEN_1,)), "session") is None


def test_every_subject_that_leaks_is_named_once_and_the_others_are_not():
    fold = Fold("x", train=(ANNA_1, BEN_1, CARA_1), test=(BEN_1, ANNA_1, ANNA_2))
    with pytest.raises(LeakageError) as error:
        check_disjoint(fold, "subject")
    assert "subject anna, ben stands" in str(error.value) and "cara" not in str(error.value)


@pytest.mark.parametrize("level", ["subject", "session"])
def test_sides_without_a_common_subject_pass(level):
    assert check_disjoint(Fold("x", train=(ANNA_1, ANNA_2), test=(BEN_1,)), level) is None


def test_a_group_is_tested_with_all_its_sessions_and_everyone_else_trains():
    folds = folds_by_subject([ANNA_1, ANNA_2, BEN_1, CARA_1], [["anna"], ["ben", "cara"]], ["a", "b"])
    assert folds == (
        Fold("a", train=(BEN_1, CARA_1), test=(ANNA_1, ANNA_2)),
        Fold("b", train=(ANNA_1, ANNA_2), test=(BEN_1, CARA_1)),
    )


def test_a_subject_is_not_tested_because_its_name_is_part_of_anothers():
    (fold,) = folds_by_subject([Unit("1", "1"), Unit("11", "1")], [["11"]], ["x"])
    assert fold.test == (Unit("11", "1"),) and fold.train == (Unit("1", "1"),)


def test_groups_and_names_must_pair():
    with pytest.raises(ValueError, match="zip"):
        folds_by_subject([ANNA_1, BEN_1], [["anna"], ["ben"]], ["only one"])


def test_fewer_subjects_train_and_those_of_a_smaller_number_are_among_those_of_a_larger():
    units = tuple(Unit(f"{subject:02d}", session) for subject in range(8) for session in "12")
    fold = Fold("sub-00", units[2:], units[:2])
    smaller, larger = (with_fewer_subjects(fold, n, seed=3) for n in (2, 5))
    assert {unit.subject for unit in smaller.train} < {unit.subject for unit in larger.train}
    assert len(smaller.train) == 4 and len(larger.train) == 10, "both sessions of a subject stay together"
    assert smaller.test == fold.test and with_fewer_subjects(fold, 7, seed=3) == fold
    assert with_fewer_subjects(fold, 2, seed=4) != smaller


def test_more_subjects_than_there_are_cannot_train():
    fold = Fold("sub-00", (Unit("01", "1"),), (Unit("00", "1"),))
    with pytest.raises(ConfigError, match="training_subjects is 2, but fold 'sub-00' has 1 training subjects"):
        with_fewer_subjects(fold, 2, seed=0)
