"""The card of what an augmenter was trained on."""

from __future__ import annotations

from escgan.cards.facts import (
    NOT_KNOWN,
    TrainingFacts,
    features_in_words,
    markdown_table,
    plain,
    settings_block,
    sources_table,
)


def data_card(facts: TrainingFacts) -> str:
    """Write the data card of a fold's training side, as Markdown; nothing is said of those who are tested."""
    windows = facts.windows
    counts = [
        [name, str(n), f"{n / len(windows):.1%}"] for name, n in zip(windows.classes, windows.counts, strict=True)
    ]
    sections = {
        "Corpus": _corpus(facts),
        "Who is in it": f"{facts.n_subjects} people, {facts.n_trials} trials, {len(windows)} windows. People who are "
        f"tested are not among them, unless the limits in `model_card.md` say so.\n\n{sources_table(facts)}",
        "How the signals were treated": _preprocessing(facts),
        "How windows and features were made": f"{features_in_words(facts)}\n\n{_settings(facts)}",
        "How labels were made": f"{facts.labelling[:1].upper()}{facts.labelling[1:]}.{_scarcity(facts)}\n\n"
        + markdown_table(["class", "windows", "share"], counts),
    }
    parts = ["# Data card", *(f"## {title}\n\n{text}" for title, text in sections.items())]
    return "\n\n".join(parts) + "\n"


def _corpus(facts: TrainingFacts) -> str:
    corpus = facts.corpus
    if corpus is None:
        return f"Which corpus this is, is {NOT_KNOWN}."
    told = {
        "corpus": f"{corpus.title} (`{corpus.model_fields['kind'].default}`)",
        "licence": corpus.licence,
        "to cite": corpus.citation or "no citation is known",
        "access": corpus.access,
        "to know": corpus.note,
    }
    return "\n".join(f"- {name}: {plain(text)}" for name, text in told.items())


def _preprocessing(facts: TrainingFacts) -> str:
    if facts.preprocessing is None:
        return f"What was done to the signals is {NOT_KNOWN}, or the corpus is distributed as features."
    if not facts.preprocessing:
        return "They were taken as distributed."
    return f"Steps, in order:\n\n{settings_block([dict(step) for step in facts.preprocessing])}"


def _settings(facts: TrainingFacts) -> str:
    if facts.features is None:
        return "They were taken as the corpus distributes them, or nothing says with which settings they were measured."
    return f"They were measured with\n\n{settings_block(dict(facts.features))}"


def _scarcity(facts: TrainingFacts) -> str:
    scarcity = facts.scarcity
    if scarcity is None:
        return ""
    return (
        f" On purpose, only {scarcity.keep:.0%} of each recording's windows of class {scarcity.label} were kept (seed "
        f"{scarcity.seed})."
    )
