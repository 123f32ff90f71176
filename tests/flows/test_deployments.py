"""``prefect.yaml``: everything can be run on a server, with parameters that its flow accepts."""

from __future__ import annotations

import subprocess
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from escgan.config import PipelineConfig
from escgan.studies import STUDIES, parse_study
from flows.execution import ExecutionConfig
from flows.names import STAGES, STUDY_NAMES
from flows.pool import POOLED

ROOT = Path(__file__).parents[2]
FILE = yaml.safe_load((ROOT / "prefect.yaml").read_text())
DEPLOYMENTS = {f"{d['entrypoint'].partition(':')[2]}/{d['name']}": d for d in FILE["deployments"]}


def test_the_pipeline_every_stage_every_study_and_the_pools_folds_are_deployed():
    names = {"pipeline/default", "pipeline/nightly", *(f"{stage}/default" for stage in STAGES)}
    names |= {f"study/{name}" for name in STUDY_NAMES}
    names |= {f"{flow.replace('-', '_')}/gpu" for flow in POOLED.values()}
    assert set(DEPLOYMENTS) == names and {s.replace("-", "_") for s in STUDY_NAMES} == set(STUDIES)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_deployments_flow_exists_accepts_its_parameters_and_recovers(name):
    deployment = DEPLOYMENTS[name]
    module, _, attribute = deployment["entrypoint"].partition(":")
    flow = getattr(import_module(module.removesuffix(".py").replace("/", ".")), attribute)
    given = deployment.get("parameters", {})
    assert set(given) <= set(flow.parameters.properties)
    if "config" in given:
        assert flow.validate_parameters(given)["config"] == PipelineConfig.model_validate(given["config"])
    pool = deployment["work_pool"]
    on_card = deployment["entrypoint"].partition(":")[2] in ("train", "augment", "train_folds", "augment_folds")
    assert pool["name"] == ("gpu" if on_card else "cpu")
    # Recovery looks for the tag and for heartbeats.
    assert (
        "escgan" in deployment["tags"] and int(pool["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]) <= 30
    )


@pytest.mark.parametrize("name", [name for name in DEPLOYMENTS if name.startswith("study/")])
def test_a_deployed_study_has_variants(name):
    given = DEPLOYMENTS[name]["parameters"]
    settings = dict(given["settings"])
    study = parse_study(settings.pop("kind"), settings)
    assert study.kind.replace("_", "-") == name.removeprefix("study/")
    assert study.variants(PipelineConfig.model_validate(given["config"]))


def test_the_nightly_run_is_off_and_waits_for_the_one_before():
    nightly = DEPLOYMENTS["pipeline/nightly"]
    assert [schedule["active"] for schedule in nightly["schedules"]] == [False]
    assert nightly["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}


def test_the_form_of_every_flow_describes_its_settings():
    described = ExecutionConfig.model_json_schema()["properties"]
    assert [name for name, field in described.items() if not field.get("description")] == []


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda path: path.name)
def test_a_script_of_the_lab_parses_and_can_be_run(script):
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
