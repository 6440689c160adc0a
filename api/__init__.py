"""The published models over HTTP."""
