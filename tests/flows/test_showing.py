"""What a run leaves on a Prefect server for people to look at."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from uuid import UUID

import pytest

from escgan.config import parse_config
from escgan.studies import parse_study
from flows import showing
from flows.showing import StageProgress, slug
from tests.flows.conftest import ON_CPU, SMALL


def artifacts_of(run):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    with get_client(sync_client=True) as client:
        own = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(run)]))
        return {found.key: found for found in client.read_artifacts(artifact_filter=own)}


def newest_artifacts(like):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactCollectionFilter, ArtifactCollectionFilterKey

    with get_client(sync_client=True) as client:
        named = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(like_=like))
        return {found.key: found for found in client.read_latest_artifacts(artifact_filter=named)}


@pytest.fixture(scope="module")
def shown(finished):
    _, outcome = finished
    return outcome, artifacts_of(outcome.run)


def test_a_run_shows_scores_verdict_figure_and_report(shown):
    outcome, found = shown
    table = json.loads(found["small-scores"].data)
    assert [(row["classifier"], row["augmenter"]) for row in table] == [("logistic", "none"), ("logistic", "escgan")]
    mean = outcome.scores.query("augmenter == 'escgan'")["auroc"].mean()
    assert table[1]["AUROC"] == f"{mean:.3f}"
    for sentence in outcome.verdict:
        assert sentence in found["small-verdict"].data
    image = found["small-figure"].data
    assert b64decode(image.partition("base64,")[2]) == outcome.figure and outcome.figure.startswith(b"\x89PNG")
    assert outcome.report.as_uri() in found["small-report"].data


def test_every_stage_has_a_progress_that_ends_at_a_hundred(shown):
    _, found = shown
    for stage in ("ingest", "features", "train", "augment", "evaluate", "report"):
        own = found[f"small-{stage}-progress"]
        assert own.type == "progress" and float(own.data) == 100.0, stage


def test_a_run_is_named_after_its_experiment_and_found_by_tags(shown):
    from prefect.client.orchestration import get_client

    outcome, _ = shown
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(outcome.run))
    assert run.name == "small" and {"escgan", "small", "deap"} <= set(run.tags)


def test_a_study_shows_its_table_and_what_it_found(prefect_api, store_copy, cohort):
    from flows.study import study

    settings = parse_study("balance", {"ratios": [1.0]}, "the test")
    outcome = study(parse_config(SMALL), settings, cohort, store_copy, ON_CPU)
    found = newest_artifacts("small-balance-%")
    assert all(line in found["small-balance-found"].data for line in outcome.found)
    assert {"small-balance-table", "small-balance-figure", "small-balance-report"} <= set(found)


def test_a_server_that_refuses_costs_a_warning_and_not_the_run(monkeypatch, caplog):
    def refuse(*_):
        raise ConnectionError("gone")

    monkeypatch.setattr(showing, "create_artifact", refuse)
    progress = StageProgress("small")
    with caplog.at_level(logging.WARNING, logger="escgan"):
        progress.begin("train", 4)
        progress.share("train", "sub-01", 0.5)
    assert "does not show all of this run (ConnectionError: gone)" in caplog.text


def test_progress_is_told_seldom_never_falls_and_ends_at_a_hundred(monkeypatch):
    told = []
    monkeypatch.setattr(showing, "create_artifact", lambda *_: UUID(int=1))
    monkeypatch.setattr(showing, "update_progress", lambda artifact, percent: told.append(percent))
    often, seldom = StageProgress("small", every_s=0.0), StageProgress("small", every_s=3600.0)
    for progress in (often, seldom):
        progress.begin("train", 2)
        for unit, share in (("a", 0.5), ("a", 1.0), ("a", 0.2), ("b", 0.5), ("b", 1.0), ("b", 1.0)):
            progress.share("train", unit, share)
        progress.share("unknown", "a", 1.0)
    assert told == [25.0, 50.0, 75.0, 100.0, 100.0]


def test_keys_are_what_prefect_allows():
    assert slug("DEAP: high/low", "scores") == "deap-high-low-scores" and slug("É", "x") == "x"
