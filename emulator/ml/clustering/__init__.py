"""KMEANS."""
