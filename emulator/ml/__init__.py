"""BigQuery ML on this machine; `emulator/README.md` says how faithful it is.

`statements` handles CREATE, DROP and ALTER MODEL, `functions` the ML table functions,
`preprocessing` the others, `routes` the Models REST resource. A sibling model type is one
package beside `glm` and `clustering`, its options in `options`, and one entry of
`training.FITS`; a sibling function is one module in `functions/` and one entry of its tuple.
"""
