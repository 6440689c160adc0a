output "environment" {
  description = "Shell lines that point every command of the project here: eval \"$(terraform output -raw environment)\"."
  value       = <<-EOT
    export VENDAS_TARGET=cloud
    export BQ_PROJECT=${google_bigquery_dataset.raw.project}
    export BQ_LOCATION=${google_bigquery_dataset.raw.location}
    export VENDAS_BUCKET=${google_storage_bucket.main.name}
  EOT
}

output "bucket" {
  description = "Bucket of reports and models."
  value       = google_storage_bucket.main.name
}

output "report_uri" {
  description = "Where the report lies."
  value       = "${google_storage_bucket.main.url}/${google_storage_bucket_object.report.name}"
}

output "external_tables" {
  description = "Full names of the external tables."
  value       = { for name, table in google_bigquery_table.external : name => "${table.project}.${table.dataset_id}.${table.table_id}" }
}

output "pipeline_service_account" {
  description = "Email of the account that runs the pipeline."
  value       = google_service_account.pipeline.email
}

output "api_service_account" {
  description = "Email of the account that serves predictions."
  value       = google_service_account.api.email
}
