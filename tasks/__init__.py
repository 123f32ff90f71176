"""Tasks: each joins one computation of ``escgan`` to the artifact store and to Prefect."""
