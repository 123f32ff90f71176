from tests.flows.conftest import cohort, escgan, finished, five_subjects, prefect_api, small, store_copy

__all__ = ["cohort", "escgan", "finished", "five_subjects", "prefect_api", "small", "store_copy"]
