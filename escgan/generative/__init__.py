"""Generative models of DE windows that ESC-GAN is compared with.

One training loop (:mod:`escgan.generative.loop`) serves them all. Each is a module with the step that it takes on a
batch: ``wasserstein`` (conditional WGAN-GP), ``variational`` (conditional VAE), ``diffusion`` (conditional DDPM) and
``restoration`` (GANSER). They need torch and numpy only; writing a checkpoint additionally needs safetensors.
"""
