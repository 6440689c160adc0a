"""Google Cloud on this machine: BigQuery with BigQuery ML, and Cloud Storage."""
