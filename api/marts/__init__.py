"""What the page shows of the sales themselves: marts in BigQuery, records of runs in the bucket."""
