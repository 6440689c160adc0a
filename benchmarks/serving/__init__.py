"""The API against an empty FastAPI endpoint, a naive service and MLflow's; see `__main__`."""
