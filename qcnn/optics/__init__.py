"""Photons in modes: Fock states, interferometer meshes, and sizes of samplers."""
