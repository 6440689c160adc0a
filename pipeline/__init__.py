"""The whole flow as one command: a report in, published models out."""
