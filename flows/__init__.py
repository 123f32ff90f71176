"""Flows: tasks chained, and the command line that starts them."""
