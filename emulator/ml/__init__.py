"""BigQuery ML on this machine; `emulator/README.md` says how faithful it is.

`statements` handles CREATE, DROP and ALTER MODEL, `functions` the ML table functions,
`routes` the Models REST resource. A sibling model type is one module beside `linear` and
`logistic` and one entry of `training.MODEL_TYPES`; a sibling function is one module
in `functions/` and one entry of its tuple.
"""
