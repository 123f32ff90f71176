"""The card of a trained augmenter (after Mitchell et al. 2019, doi:10.1145/3287560.3287596)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from escgan.augmenters.base import Augmenter
from escgan.cards.facts import TrainingFacts, features_in_words, markdown_table, settings_block, sources_table
from escgan.normalization import IN_WORDS, is_transductive


def model_card(augmenter: Augmenter, seed: int, history: Sequence[Mapping[str, float]], facts: TrainingFacts) -> str:
    """Write the model card of an augmenter that was trained on a fold's training side, as Markdown."""
    windows, words = facts.windows, IN_WORDS[facts.normalization]
    # Training is told the settings that a preset stands for, and not which it was.
    settings = augmenter.model_dump(mode="json", exclude={"preset"})
    present = [name for name, n in zip(windows.classes, windows.counts, strict=True) if n]
    sections = {
        "What it is": f"A trained augmenter of kind `{augmenter.kind}`, which gives classifiers {augmenter.title}. It "
        f"makes feature windows ({len(windows.channels)} channels x {len(windows.bands)} bands) of the classes "
        f"{', '.join(present)}; it makes no EEG signal.",
        "Intended use": "To fill up classes that have few windows when a classifier is trained, and to study whether "
        "that helps on people who took no part. Windows for it must be measured and normalised as described here.\n\n"
        "Not to be used\n\n"
        "- to judge a person's emotion or state: it recognises nothing, and what a classifier gains by it is for the "
        "run's report to say;\n"
        "- to make test data, or windows that are passed off as recorded;\n"
        "- with another montage, other bands, another definition of the features or of the classes.",
        "Trained on": f"{len(windows)} windows of {facts.n_trials} trials of {facts.n_subjects} people; more in "
        f"`data_card.md`.\n\n{sources_table(facts)}",
        "Features and their scale": f"{features_in_words(facts)}\n\n{words[:1].upper()}{words[1:]}.",
        "Settings": f"{settings_block(settings)}\n\nSeed {seed}. Settings that only matter "
        "after training stand at their defaults here.",
        "Loss terms at the end": _last_terms(history),
        "Limits": "\n".join(f"- {limit}" for limit in _limits(facts, present)),
        "Citation": augmenter.citation or "No publication is known of this augmenter.",
    }
    parts = [f"# Model card: {augmenter.kind}", *(f"## {title}\n\n{text}" for title, text in sections.items())]
    return "\n\n".join(parts) + "\n"


def _last_terms(history: Sequence[Mapping[str, float]]) -> str:
    if not history:
        return "This augmenter has no loss terms of its own."
    last = history[-1]
    if "step" not in last:
        # What was compared for a choice: every row counts.
        columns = list(dict.fromkeys(name for row in history for name in row))
        table = markdown_table(columns, [[_number(row.get(name)) for name in columns] for row in history])
        told = (
            "Candidates and their scores on validating subjects of the training side; `candidate` is the place in the "
        )
        return f"{told}settings, -1 for none. Loss terms of candidates are not kept.\n\n{table}"
    rows = [[name, _number(value)] for name, value in last.items() if name != "step"]
    told = f"Means over the last block of steps, ended with step {int(last['step'])}; all are in `history.parquet`."
    return f"{told}\n\n{markdown_table(['term', 'value'], rows)}"


def _number(value: object) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _limits(facts: TrainingFacts, present: Sequence[str]) -> list[str]:
    windows = facts.windows
    limits = [
        f"It has seen {facts.n_subjects} people. What its windows are worth for people it has never seen is not known "
        "from the training; the run's report measures it.",
    ]
    if facts.seen_people:
        limits.append(
            "Other windows of the same people are tested in this fold, so its scores say nothing of unseen people."
        )
    if is_transductive(facts.normalization):
        limits.append(
            "The normalisation is transductive: a new person's windows must be there together, though unlabelled, "
            "before one of them can be used."
        )
    absent = [name for name in windows.classes if name not in present]
    if absent:
        limits.append(f"Of {', '.join(absent)} there was no training window: it makes none.")
    fewest = min((int(n), name) for n, name in zip(windows.counts, windows.classes, strict=True) if n)
    limits.append(
        f"The smallest class, {fewest[1]}, had {fewest[0]} windows. Windows that overlap or follow each other in a "
        "trial are alike, so this is less than it seems."
    )
    limits.append(
        "It may give back windows that it was trained on, and its weights are made of people's recordings: the corpus' "
        "terms hold for it as well (`data_card.md`)."
    )
    return limits
