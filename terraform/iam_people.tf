# What people may do: managers see the page and drop reports, analysts query.

locals {
  # Of vendas_ml: how good the models are and why, not the features or the models themselves.
  evaluations = [
    "evaluations", "leak_audit", "model_trainings", "verdicts",
    "forecast_backtest", "forecast_verdict", "region_forecasts",
  ]
  evaluations_only = join(" || ", [
    for table in local.evaluations :
    "resource.name == \"projects/${var.project_id}/datasets/vendas_ml/tables/${table}\""
  ])
}

# With no list of its own Identity-Aware Proxy takes the project's; the host narrows it to the API.
resource "google_project_iam_member" "managers" {
  for_each = var.managers

  project = var.project_id
  role    = "roles/iap.httpsResourceAccessor"
  member  = each.key

  condition {
    title       = "sales API"
    description = "The addresses of the Cloud Run service"
    expression = join(" || ", [
      for url in google_cloud_run_v2_service.api.urls : "request.host == \"${trimprefix(url, "https://")}\""
    ])
  }
}

resource "google_storage_bucket_iam_member" "managers" {
  for_each = var.managers

  bucket = google_storage_bucket.inbox.name
  role   = "roles/storage.objectUser"
  member = each.key
}

resource "google_project_iam_member" "analysts" {
  for_each = var.analysts

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = each.key
}

resource "google_bigquery_dataset_iam_member" "analysts_marts" {
  for_each = var.analysts

  dataset_id = google_bigquery_dataset.dbt["vendas_marts"].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key
}

resource "google_bigquery_dataset_iam_member" "analysts_evaluations" {
  for_each = var.analysts

  dataset_id = google_bigquery_dataset.dbt["vendas_ml"].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key

  condition {
    title       = "evaluations"
    description = "Tables of evaluations; dbt makes them"
    expression  = local.evaluations_only
  }
}

# The detected table alone: its connection reads the bucket for them.
resource "google_bigquery_table_iam_member" "analysts_reports" {
  for_each = var.analysts

  dataset_id = google_bigquery_dataset.raw.dataset_id
  table_id   = google_bigquery_table.external["vendas"].table_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key
}
