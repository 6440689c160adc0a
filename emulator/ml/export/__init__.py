"""EXPORT MODEL: a tree model as the files of a Booster, in a bucket."""
