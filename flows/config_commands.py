"""The commands ``escgan config ...``: write, check and describe configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows import completing

config = typer.Typer(no_args_is_help=True, help="Write, check and describe configurations.")


@config.command()
def new(
    corpus: Annotated[
        str,
        typer.Argument(
            help="The corpus, such as deap; see `escgan datasets`.", metavar="KIND", autocompletion=completing.corpora
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="File to write.", metavar="FILE", show_default="to the terminal")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with recordings of your own (bids or folder), whose conditions become the classes.",
            metavar="DIR",
            show_default="example classes",
        ),
    ] = None,
) -> None:
    """Write a configuration for a corpus: every setting with its usual value and what it means.

    Examples:
    $ escgan config new deap --out deap.yaml
    $ escgan config new bids --data my-study --out my-study.yaml
    """
    from escgan.config_text import EXAMPLE_CONDITIONS, commented_yaml, has_own_conditions, usual_config
    from escgan.errors import ConfigError

    own = has_own_conditions(corpus)
    labels = None
    if data is not None:
        from escgan.datasets import corpus_of
        from escgan.datasets.inspection import labels_for

        corpus_of(corpus)
        if not own:
            raise ConfigError(f"The classes of '{corpus}' are known: leave --data out here, and give it to run.")
        labels = labels_for(data, corpus)
    text = commented_yaml(usual_config(corpus, labels))
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as cause:
        raise ConfigError(f"{out} is there already: give another --out, or remove it first.") from cause
    except OSError as cause:
        raise ConfigError(f"{out} cannot be written: {cause.strerror}; give another --out.") from cause
    if own and labels is None:
        typer.echo(
            f"Its classes, {' and '.join(EXAMPLE_CONDITIONS)}, are examples: put your conditions there (`escgan "
            "inspect DIR` lists them), or let --data DIR fill them in."
        )
    typer.echo(f"{out} is written. Next: escgan run {out} --data {data or 'DIR'}")


@config.command()
def validate(
    file: Annotated[
        Path,
        typer.Argument(help="Configuration in YAML.", metavar="FILE", autocompletion=completing.configurations),
    ],
    full: Annotated[bool, typer.Option("--full", help="Print it with every default filled in.")] = False,
) -> None:
    """Check a configuration without running anything, and say what it would do; exit code 2 if it cannot work.

    Examples:
    $ escgan config validate configs/eegmat.yaml
    $ escgan config validate configs/eegmat.yaml --full
    """
    from escgan.config import load_experiment
    from escgan.evaluation.significance import SIMPLE_RIVALS
    from escgan.evaluation.verdict import NO_RIVALS
    from escgan.report.wording import listed, plural

    experiment, studies = load_experiment(file)
    for study in studies.values():
        # Whether a study fits the experiment shows where its variants are made, which computes nothing.
        study.variants(experiment)
    if full:
        typer.echo(experiment.to_yaml(), nl=False)
        return
    typer.echo(f"{file} is valid: {experiment.name}, on {experiment.dataset.named()}.")
    leaky = ", LEAKY" if experiment.protocol.leaky else ""
    typer.echo(
        f"{plural(len(experiment.augmenters), 'augmenter')} ({listed([a.label for a in experiment.augmenters])}), "
        f"{plural(len(experiment.classifiers), 'classifier')} ({listed([c.label for c in experiment.classifiers])}), "
        f"{plural(len(experiment.seeds), 'seed')}; {experiment.protocol.title}{leaky}."
    )
    rivals = [augmenter.kind in SIMPLE_RIVALS for augmenter in experiment.augmenters]
    if all(rivals) or not any(rivals):
        typer.echo(f"Its run will compare nothing: {NO_RIVALS}")
    if studies:
        typer.echo(f"It has options for {listed(list(studies))}.")


@config.command()
def schema() -> None:
    """Print the JSON schema of configurations, by which editors complete and check them.

    Examples:
    $ escgan config schema > escgan.schema.json
    """
    import json

    from escgan.config_text import full_schema

    typer.echo(json.dumps(full_schema(), indent=1))
