# What Google's own agents and the trigger may do.

data "google_storage_project_service_account" "main" {}

resource "google_storage_bucket_iam_member" "connection" {
  bucket = google_storage_bucket.main.name
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${google_bigquery_connection.reports.cloud_resource[0].service_account_id}"

  condition {
    title       = "reports"
    description = "Objects below ${local.reports_prefix}, and listing them"
    expression = join(" || ", [
      "resource.name.startsWith(\"${local.objects}${local.reports_prefix}\")",
      "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"${local.reports_prefix}\")",
    ])
  }
}

# Cloud Storage tells Eventarc of new objects through Pub/Sub; the grant is the project's.
resource "google_project_iam_member" "storage_events" {
  project = var.project_id
  role    = "roles/pubsub.publisher"
  member  = data.google_storage_project_service_account.main.member
}

# Events and executions of workflows have no narrower place.
resource "google_project_iam_member" "trigger" {
  for_each = toset(["roles/eventarc.eventReceiver", "roles/workflows.invoker"])

  project = var.project_id
  role    = each.key
  member  = google_service_account.main["trigger"].member
}

resource "google_cloud_run_v2_job_iam_member" "trigger" {
  for_each = google_cloud_run_v2_job.pipeline

  name     = each.value.name
  location = each.value.location
  role     = "roles/run.invoker"
  member   = google_service_account.main["trigger"].member
}

# Identity-Aware Proxy asks the service in the name of whoever it let in.
resource "google_cloud_run_v2_service_iam_member" "proxy" {
  name     = google_cloud_run_v2_service.api.name
  location = google_cloud_run_v2_service.api.location
  role     = "roles/run.invoker"
  member   = "serviceAccount:service-${data.google_project.main.number}@gcp-sa-iap.iam.gserviceaccount.com"
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.main.repository_id
  location   = google_artifact_registry_repository.main.location
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.main["build"].member
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.main.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.main["build"].member

  condition {
    title       = "sources"
    description = "Objects below ${local.build_prefix}"
    expression  = "resource.name.startsWith(\"${local.objects}${local.build_prefix}\")"
  }
}

resource "google_project_iam_member" "build" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.main["build"].member
}
