"""Measurements as ratios against named rivals; README.md holds the last figures."""
