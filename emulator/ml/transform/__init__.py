"""The TRANSFORM clause and TRANSFORM_ONLY models."""
