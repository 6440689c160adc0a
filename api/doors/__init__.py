"""Ways in: each protocol reads a body into checked rows and writes answers and refusals.

All share one validator and one predictor (`api.inference`); `api.doors.core` brings them
together.
"""
