locals {
  columns         = jsondecode(file("${path.module}/schemas/vendas.json"))
  external_tables = jsondecode(file("${path.module}/schemas/external_tables.json"))

  dbt_datasets = {
    vendas_staging    = "Sales as they came in, checked record by record; made by dbt."
    vendas_marts      = "Clean sales, rejected records and summaries; made by dbt."
    vendas_ml         = "Features, models, evaluations and verdicts; made by dbt."
    vendas_monitoring = "What the API answered, compared with training; made by dbt."
  }
}

resource "google_bigquery_dataset" "raw" {
  dataset_id    = "vendas_bmw"
  friendly_name = "Dataset Vendas BMW"
  description   = "Sales reports in Cloud Storage, read in place."
  location      = var.location

  delete_contents_on_destroy = !var.deletion_protection
  deletion_policy            = var.deletion_protection ? "PREVENT" : "DELETE"

  depends_on = [google_project_service.main]
}

# Made here and not by dbt, so that the pipeline needs no right to make datasets.
resource "google_bigquery_dataset" "dbt" {
  for_each = local.dbt_datasets

  dataset_id  = each.key
  description = each.value
  location    = var.location

  delete_contents_on_destroy = !var.deletion_protection
  deletion_policy            = var.deletion_protection ? "PREVENT" : "DELETE"

  depends_on = [google_project_service.main]
}

resource "google_bigquery_table" "external" {
  for_each = local.external_tables

  dataset_id  = google_bigquery_dataset.raw.dataset_id
  table_id    = each.key
  description = each.value.description
  # The reports are in the bucket: the table holds nothing, and is made anew when its form changes.
  deletion_protection = false

  external_data_configuration {
    source_format   = "CSV"
    source_uris     = ["${google_storage_bucket.main.url}/${local.reports_prefix}*.csv"]
    autodetect      = each.value.autodetect
    max_bad_records = each.value.max_bad_records

    schema = each.value.autodetect ? null : jsonencode([
      for column in local.columns : { name = column.name, type = "STRING", mode = "NULLABLE" }
    ])

    csv_options {
      quote                 = "\""
      field_delimiter       = each.value.field_delimiter
      encoding              = each.value.encoding
      skip_leading_rows     = each.value.skip_leading_rows
      allow_quoted_newlines = each.value.allow_quoted_newlines
      source_column_match   = each.value.source_column_match
    }
  }

  # BigQuery detects columns when it makes the table, and needs a file to detect them from.
  depends_on = [google_storage_bucket_object.report]
}
