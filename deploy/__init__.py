"""Google Cloud from this folder: build, apply, run, and take it all away again."""
