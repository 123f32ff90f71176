"""Cards that lie beside a trained augmenter: what it is and what it was trained on, for whoever comes upon it.

Both are Markdown made of the training side alone. No time, machine or version stands in them: the same training writes
the same bytes.
"""
