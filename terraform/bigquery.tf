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
  #checkov:skip=CKV_GCP_81:Google's own keys encrypt it; a key of one's own is one more thing to lose
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
  #checkov:skip=CKV_GCP_81:Google's own keys encrypt it; a key of one's own is one more thing to lose
  for_each = local.dbt_datasets

  dataset_id  = each.key
  description = each.value
  location    = var.location

  # Every run makes them anew; marts, models and the log of predictions stay.
  default_table_expiration_ms = each.key == "vendas_staging" ? var.staging_days * 24 * 60 * 60 * 1000 : null

  delete_contents_on_destroy = !var.deletion_protection
  deletion_policy            = var.deletion_protection ? "PREVENT" : "DELETE"

  depends_on = [google_project_service.main]
}

# Reads the reports for those who query `vendas`: they need no right on the bucket of the pickles.
resource "google_bigquery_connection" "reports" {
  connection_id = "vendas-reports"
  friendly_name = "Sales reports"
  description   = "Reads ${local.reports_prefix} for whoever may query the table vendas."
  location      = google_bigquery_dataset.raw.location

  cloud_resource {}
}

resource "google_bigquery_table" "external" {
  #checkov:skip=CKV_GCP_80:Google's own keys encrypt it; a key of one's own is one more thing to lose
  #checkov:skip=CKV_GCP_121:it holds nothing, and is made anew when its form changes
  for_each = local.external_tables

  dataset_id          = google_bigquery_dataset.raw.dataset_id
  table_id            = each.key
  description         = each.value.description
  deletion_protection = false

  external_data_configuration {
    source_format   = "CSV"
    source_uris     = ["${google_storage_bucket.main.url}/${local.reports_prefix}*.csv"]
    autodetect      = each.value.autodetect
    max_bad_records = each.value.max_bad_records
    connection_id   = each.value.autodetect ? google_bigquery_connection.reports.name : null

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

  # BigQuery detects columns when it makes the table, and needs a file and the right to read it.
  depends_on = [google_storage_bucket_object.report, google_storage_bucket_iam_member.connection]
}
