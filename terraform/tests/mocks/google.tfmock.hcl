# What Google would have answered, as far as other resources read it.

mock_data "google_project" {
  defaults = { number = "123456789012" }
}

mock_data "google_storage_project_service_account" {
  defaults = { member = "serviceAccount:storage-agent" }
}

mock_resource "google_bigquery_dataset" {
  defaults = { project = "vendas-test" }
}

mock_resource "google_bigquery_table" {
  defaults = { project = "vendas-test" }
}

mock_resource "google_bigquery_connection" {
  defaults = {
    name           = "projects/vendas-test/locations/southamerica-east1/connections/vendas-reports"
    cloud_resource = { service_account_id = "connection@agent" }
  }
}

mock_resource "google_storage_bucket" {
  defaults = { url = "gs://mocked" }
}

mock_resource "google_cloud_run_v2_service" {
  defaults = {
    uri  = "https://vendas-api-1.run.app"
    urls = ["https://vendas-api-1.run.app", "https://vendas-api-2.a.run.app"]
  }
}

mock_resource "google_artifact_registry_repository" {
  defaults = { project = "vendas-test" }
}

override_resource {
  target = google_storage_bucket.main
  values = { url = "gs://vendas-bmw-0a1b2c3d" }
}

override_resource {
  target = google_storage_bucket.inbox
  values = { url = "gs://vendas-bmw-0a1b2c3d-inbox" }
}

override_resource {
  target = google_service_account.main["pipeline"]
  values = { member = "serviceAccount:pipeline", email = "pipeline@vendas-test" }
}

override_resource {
  target = google_service_account.main["api"]
  values = { member = "serviceAccount:api", email = "api@vendas-test" }
}

override_resource {
  target = google_service_account.main["trigger"]
  values = { member = "serviceAccount:trigger", email = "trigger@vendas-test" }
}

override_resource {
  target = google_service_account.main["build"]
  values = { member = "serviceAccount:build", email = "build@vendas-test" }
}
