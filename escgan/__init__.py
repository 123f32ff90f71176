"""ESC-GAN for EEG emotion recognition: readers, features, the GAN, augmenters and leak-free evaluation.

The package is useful alone, as a library. It imports neither Prefect nor the artifact store.
"""

__version__ = "0.1.0"
