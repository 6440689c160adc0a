"""External tables: CSV files of a bucket, read in place when a query asks.

A table's definition is its REST resource, kept in the catalogue entry. To DuckDB it is a
view over `read_csv`, made anew whenever its files have changed (`views`), so that every
statement and every view on it sees today's files. What `read_csv` cannot read as BigQuery
does is read record by record first (`records`), which also finds what to say of a bad one.
"""
