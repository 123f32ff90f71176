"""Recordings, features and edits as the objects of other packages: MNE, xarray, pandas, scikit-learn, BIDS.

What belongs to a run of the store is opened with :func:`tasks.open_run`; here are the conversions alone.
"""
