"""The self-contained HTML report of one pipeline run."""
