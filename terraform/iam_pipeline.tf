# What the pipeline may do: run queries, read reports, write dbt's datasets, publish models.

locals {
  objects = "projects/_/buckets/${google_storage_bucket.main.name}/objects/"
}

# Jobs and read sessions belong to a project: there is no narrower place to grant them.
resource "google_project_iam_member" "pipeline" {
  for_each = toset(["roles/bigquery.jobUser", "roles/bigquery.readSessionUser"])

  project = var.project_id
  role    = each.key
  member  = google_service_account.main["pipeline"].member
}

resource "google_bigquery_dataset_iam_member" "pipeline_raw" {
  dataset_id = google_bigquery_dataset.raw.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.main["pipeline"].member
}

resource "google_bigquery_dataset_iam_member" "pipeline_dbt" {
  for_each = google_bigquery_dataset.dbt

  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.main["pipeline"].member
}

# The buckets' metadata and their objects' names, which external tables ask for too.
resource "google_storage_bucket_iam_member" "pipeline_names" {
  for_each = { main = google_storage_bucket.main.name, inbox = google_storage_bucket.inbox.name }

  bucket = each.value
  role   = "roles/storage.legacyBucketReader"
  member = google_service_account.main["pipeline"].member
}

resource "google_storage_bucket_iam_member" "pipeline_objects" {
  bucket = google_storage_bucket.main.name
  role   = "roles/storage.objectUser"
  member = google_service_account.main["pipeline"].member

  condition {
    title       = "reports, models and runs"
    description = "Objects below ${local.reports_prefix}, ${local.models_prefix} and ${local.runs_prefix}"
    expression = join(" || ", [
      for prefix in [local.reports_prefix, local.models_prefix, local.runs_prefix] :
      "resource.name.startsWith(\"${local.objects}${prefix}\")"
    ])
  }
}

resource "google_storage_bucket_iam_member" "pipeline_inbox" {
  bucket = google_storage_bucket.inbox.name
  role   = "roles/storage.objectUser"
  member = google_service_account.main["pipeline"].member
}

resource "google_secret_manager_secret_iam_member" "pipeline" {
  for_each = google_secret_manager_secret.main

  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.main["pipeline"].member
}

resource "google_project_iam_member" "pipeline_registry" {
  count = var.model_registry ? 1 : 0

  project = var.project_id
  # tfcheck:ignore=role BigQuery's manual names this role alone for registering models
  role   = "roles/aiplatform.admin"
  member = google_service_account.main["pipeline"].member
}
