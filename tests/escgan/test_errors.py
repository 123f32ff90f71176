"""A message for the user is one line that a terminal can show, whatever a file made it quote."""

from __future__ import annotations

import pickle

import pytest

from escgan.errors import ConfigError, RecordingError


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        ("a\nb", "a b"),
        ("a\r\nb\x85c\u2028d", "a  b c d"),
        ("\x1b[2J\x00\x7f", "\\x1b[2J\\x00\\x7f"),
        ("\ud800", "\\ud800"),
        ("S  7 Ω µV", "S  7 Ω µV"),
    ],
)
def test_what_a_file_holds_cannot_break_the_line_or_steer_the_terminal(quoted: str, shown: str) -> None:
    assert str(RecordingError(f"The file has '{quoted}': correct it.")) == f"The file has '{shown}': correct it."


def test_a_long_message_loses_its_middle_and_keeps_its_place_and_remedy() -> None:
    message = str(ConfigError(f"In a.yaml: there is no setting '{'x' * 5000}': remove it."))
    assert len(message) == 1000
    assert message.startswith("In a.yaml: there is no setting 'xxx")
    assert message.endswith("xxx': remove it.")


def test_a_message_stays_the_same_on_its_way_between_processes() -> None:
    error = RecordingError("a" * 2000 + "\n\x1b")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
