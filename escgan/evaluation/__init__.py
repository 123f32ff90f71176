"""Leak-free evaluation: folds over people, scores, paired comparison, verdict."""
