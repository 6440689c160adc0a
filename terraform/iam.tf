locals {
  objects = "projects/_/buckets/${google_storage_bucket.main.name}/objects/"
}

# Runs ingest, dbt and export.
resource "google_service_account" "pipeline" {
  account_id   = "vendas-pipeline"
  display_name = "Vendas pipeline"
  description  = "Takes reports in, builds tables and models, publishes models."

  depends_on = [google_project_service.main]
}

# Serves predictions.
resource "google_service_account" "api" {
  account_id   = "vendas-api"
  display_name = "Vendas API"
  description  = "Reads published models, and nothing else."

  depends_on = [google_project_service.main]
}

# Jobs and read sessions belong to a project: there is no narrower place to grant them.
resource "google_project_iam_member" "pipeline" {
  for_each = toset(["roles/bigquery.jobUser", "roles/bigquery.readSessionUser"])

  project = var.project_id
  role    = each.key
  member  = google_service_account.pipeline.member
}

resource "google_bigquery_dataset_iam_member" "pipeline_raw" {
  dataset_id = google_bigquery_dataset.raw.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.pipeline.member
}

resource "google_bigquery_dataset_iam_member" "pipeline_dbt" {
  for_each = google_bigquery_dataset.dbt

  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.pipeline.member
}

# The bucket's metadata and its objects' names, which external tables ask for too.
resource "google_storage_bucket_iam_member" "pipeline_names" {
  bucket = google_storage_bucket.main.name
  role   = "roles/storage.legacyBucketReader"
  member = google_service_account.pipeline.member
}

resource "google_storage_bucket_iam_member" "pipeline_objects" {
  bucket = google_storage_bucket.main.name
  role   = "roles/storage.objectUser"
  member = google_service_account.pipeline.member

  condition {
    title       = "reports and models"
    description = "Objects below ${local.reports_prefix} and ${local.models_prefix}"
    expression = join(" || ", [
      for prefix in [local.reports_prefix, local.models_prefix] :
      "resource.name.startsWith(\"${local.objects}${prefix}\")"
    ])
  }
}

resource "google_storage_bucket_iam_member" "api_models" {
  bucket = google_storage_bucket.main.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.api.member

  condition {
    title       = "models"
    description = "Objects below ${local.models_prefix}, and listing them"
    # A listing names no object: its prefix is what can be looked at.
    expression = join(" || ", [
      "resource.name.startsWith(\"${local.objects}${local.models_prefix}\")",
      "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"${local.models_prefix}\")",
    ])
  }
}
