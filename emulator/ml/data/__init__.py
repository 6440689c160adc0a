"""From the batches of a query to encoded rows: types, columns, features, splits."""
