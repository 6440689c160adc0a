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
