# What the API may do: read models, records of runs, marts and the public keys, and add to the log
# of predictions.

resource "google_storage_bucket_iam_member" "api_models" {
  bucket = google_storage_bucket.main.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.main["api"].member

  condition {
    title       = "models and runs"
    description = "Objects below ${local.models_prefix} and ${local.runs_prefix}, and listing them"
    # A listing names no object: its prefix is what can be looked at.
    expression = join(" || ", flatten([
      for prefix in [local.models_prefix, local.runs_prefix] : [
        "resource.name.startsWith(\"${local.objects}${prefix}\")",
        "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"${prefix}\")",
      ]
    ]))
  }
}

resource "google_secret_manager_secret_iam_member" "api" {
  secret_id = google_secret_manager_secret.main["public-keys"].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.main["api"].member
}

# Queries and loads are jobs, and jobs belong to the project.
resource "google_project_iam_member" "api" {
  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.main["api"].member
}

resource "google_bigquery_dataset_iam_member" "api_marts" {
  dataset_id = google_bigquery_dataset.dbt["vendas_marts"].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.main["api"].member
}

# Of vendas_ml the tables of evaluations alone, as for analysts.
resource "google_bigquery_dataset_iam_member" "api_evaluations" {
  dataset_id = google_bigquery_dataset.dbt["vendas_ml"].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.main["api"].member

  condition {
    title       = "evaluations"
    description = "Tables of evaluations; dbt makes them"
    expression  = local.evaluations_only
  }
}

# dbt makes the table, so that the grant cannot be on it: it is on its dataset, for its name.
resource "google_bigquery_dataset_iam_member" "api_log" {
  dataset_id = google_bigquery_dataset.dbt["vendas_monitoring"].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.main["api"].member

  condition {
    title       = "prediction log"
    description = "The table that the API adds to"
    expression = join(" && ", [
      "resource.service == \"bigquery.googleapis.com\"",
      "resource.type == \"bigquery.googleapis.com/Table\"",
      "resource.name == \"projects/${var.project_id}/datasets/vendas_monitoring/tables/${local.prediction_log}\"",
    ])
  }
}
