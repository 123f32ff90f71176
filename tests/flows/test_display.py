"""What a run shows while it works, on a terminal and in a log."""

import io

import pytest
from rich.console import Console

from flows.console import progress_console
from flows.display import RunDisplay, duration
from tasks.progress import Counts


def tell(display, stage, unit, value):
    """Tell of a share of a unit, or without a unit of a stage: its number of units, or at last how they ended."""
    if unit:
        display.share(stage, unit, value)
    elif isinstance(value, Counts):
        display.end(stage, value)
    else:
        display.begin(stage, *(value if isinstance(value, tuple) else (value,)))


def spoken(reports):
    console = Console(file=io.StringIO(), force_terminal=False, width=120)
    with RunDisplay(console) as display:
        for report in reports:
            tell(display, *report)
    return console.file.getvalue().splitlines()


def test_in_a_log_a_stage_says_when_it_begins_and_once_when_it_ends():
    lines = spoken(
        [
            ("train", "", 2),
            ("train", "a", 0.5),
            ("train", "a", 1),
            ("train", "b", 1),
            ("train", "b", 1),
            ("train", "a", 0.7),
            ("train", "", Counts(computed=2)),
        ]
    )
    assert lines == ["train: training augmenters, 2 to do", "train: 2 done in 0 s"]


def test_what_the_store_holds_is_said_and_is_not_among_what_is_to_do():
    assert spoken([("ingest", "", (0, 4)), ("ingest", "", Counts(stored=4))]) == ["ingest: 4 in the store"]
    assert spoken([("train", "", (2, 2)), ("train", "a", 1), ("train", "", Counts(computed=2, stored=2))]) == [
        "train: training augmenters, 2 to do, 2 in the store",
        "train: 2 done in 0 s, 2 in the store",
    ]


def test_units_that_failed_are_not_called_done():
    ended = [("evaluate", str(unit), 1) for unit in range(12)]
    lines = spoken([("evaluate", "", 12), *ended, ("evaluate", "", Counts(failed=12))])
    assert lines[1:] == ["evaluate: 12 failed in 0 s"]
    lines = spoken([("evaluate", "", (12, 3)), *ended, ("evaluate", "", Counts(computed=2, failed=10, stored=3))])
    assert lines[1:] == ["evaluate: 2 done, 10 failed in 0 s, 3 in the store"]


@pytest.mark.parametrize("width", [80, 110, 160])
def test_a_terminal_counts_what_the_store_held_and_tells_it_apart(width):
    display = RunDisplay(Console(file=io.StringIO(), force_terminal=True, width=width))
    display.begin("train", 3, 12)
    display.share("train", "a", 1)
    assert "13/15" in bars(display, width) and "12 in the store" in bars(display, width)
    display.end("train", Counts(computed=1, stored=12, failed=2))
    shown = bars(display, width)
    assert "13/15" in shown and "12 in the store, 2 failed" in shown and "…" not in shown


def bars(display, width):
    page = Console(file=io.StringIO(), force_terminal=False, width=width)
    page.print(display._progress.get_renderable())
    return page.file.getvalue()


def test_between_begin_and_end_a_long_stage_tells_the_time_left(monkeypatch):
    clock = iter([0.0, 40.0, 41.0])
    monkeypatch.setattr("flows.display.time.monotonic", lambda: next(clock))
    lines = spoken([("train", "", 4), ("train", "a", 1), ("train", "b", 0.1)])
    assert lines[1:] == ["train: 1.0 of 4, about 2 min 0 s left"]


def test_durations_read_as_people_say_them():
    assert [duration(s) for s in (0.2, 59.4, 60, 3599)] == ["0 s", "59 s", "1 min 0 s", "59 min 59 s"]


def test_durations_of_hours_leave_the_seconds_out():
    assert [duration(s) for s in (3600, 7265)] == ["1 h 0 min", "2 h 1 min"]


class Clock:
    """Time as the display reads it, moved by the test."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("flows.display.time.monotonic", clock)
    return clock


def log_of(clock, hours, n_units, stored=0):
    """The lines of a stage whose units report often and end evenly over so many hours."""
    console = Console(file=io.StringIO(), force_terminal=False, width=140)
    display = RunDisplay(console)
    display.begin("train", n_units + stored)
    for unit in range(stored):
        display.share("train", f"stored {unit}", 1)
    for unit in range(n_units):
        for part in range(1, 11):
            clock.now = hours * 3600 * (unit + part / 10) / n_units
            display.share("train", str(unit), part / 10)
    display.end("train", Counts(computed=n_units, stored=stored))
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("hours", "fewest", "most"), [(0.005, 2, 2), (0.1, 8, 14), (1, 30, 65), (10, 60, 120)])
def test_a_long_stage_speaks_now_and_then_and_not_too_often(clock, hours, fewest, most):
    lines = log_of(clock, hours, 500)
    assert fewest <= len(lines) <= most
    assert lines[0] == "train: training augmenters, 500 to do" and lines[-1].startswith("train: 500 done in")


def test_what_the_store_held_makes_the_rest_no_quicker(clock):
    lines = log_of(clock, 1, 100, stored=300)
    halfway = next(line for line in lines if line.startswith("train: 35"))
    done = float(halfway.split()[1])
    told = halfway.partition("about ")[2]
    expected = 3600 * (400 - done) / 100
    assert told == f"{duration(expected)} left"


def test_a_log_holds_whole_lines_without_control_characters_also_where_colours_are_forced(clock, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    console = progress_console()
    with RunDisplay(console) as display, console.status("starting Prefect ..."):
        display.part("variant 1 of 2")
        display.begin("train", 2)
        clock.now = 40.0
        display.share("train", "a", 0.5)
        display.share("train", "a", 1)
        display.share("train", "b", 1)
        display.end("train", Counts(computed=2))
    said = capsys.readouterr().err
    assert said.isascii() and all(letter.isprintable() or letter == "\n" for letter in said)
    assert said.splitlines() == [
        "variant 1 of 2",
        "train: training augmenters, 2 to do",
        "train: 0.5 of 2, about 2 min 0 s left",
        "train: 2 done in 40 s",
    ]


def test_each_line_is_written_at_once(monkeypatch):
    """Whoever follows a log sees a line when it is said, not when a buffer is full."""

    class Log(io.StringIO):
        flushed = ""

        def isatty(self):
            return False

        def flush(self):
            self.flushed = self.getvalue()

    monkeypatch.setattr("sys.stderr", log := Log())
    display = RunDisplay(progress_console())
    display.begin("train", 2)
    assert log.flushed == "train: training augmenters, 2 to do\n"


@pytest.mark.parametrize("width", [40, 60, 80, 110, 160])
def test_a_terminal_of_any_width_shows_each_stage_its_count_and_the_time_left(width):
    display = RunDisplay(Console(file=io.StringIO(), force_terminal=True, width=width))
    for stage, total in (("ingest", 12), ("separation", 1), ("evaluate", 1440)):
        display.begin(stage, total)
    lines = bars(display, width).splitlines()
    assert len(lines) == 3 and max(map(len, lines)) <= width
    for line, count in zip(lines, ("0/12", "0/1", "0/1440"), strict=True):
        assert count in line and line.rstrip().endswith("left -:--:--") and "…" not in line


def test_colours_that_are_unwanted_are_left_out(monkeypatch):
    def colours():
        console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=80)
        display = RunDisplay(console)
        display.begin("ingest", 12)
        display.share("ingest", "a", 1)
        console.print(display._progress.get_renderable())
        return [part for part in console.file.getvalue().split("\x1b[") if part[:1] == "3"]

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert colours()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours()
