resource "google_project_service" "main" {
  for_each = toset([
    "bigquery.googleapis.com",
    "bigquerystorage.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "iam.googleapis.com",
    "storage.googleapis.com",
  ])

  service = each.key
  # The project may hold more than this; what else uses the service must go on.
  disable_on_destroy = false
}
