output "environment" {
  description = "Shell lines that point every command of the project here: eval \"$(terraform output -raw environment)\"."
  value       = <<-EOT
    export VENDAS_TARGET=cloud
    export BQ_PROJECT=${google_bigquery_dataset.raw.project}
    export BQ_LOCATION=${google_bigquery_dataset.raw.location}
    export VENDAS_BUCKET=${google_storage_bucket.main.name}
    export VENDAS_INBOX=${google_storage_bucket.inbox.name}
  EOT
}

output "url" {
  description = "Where managers find the page, and programs the API."
  value       = google_cloud_run_v2_service.api.uri
}

output "inbox" {
  description = "Where managers drop reports."
  value       = google_storage_bucket.inbox.url
}

output "bucket" {
  description = "Bucket of reports, models and records of runs."
  value       = google_storage_bucket.main.name
}

output "report_uri" {
  description = "Where the report lies that was named; null without one."
  value       = one([for object in google_storage_bucket_object.report : "${google_storage_bucket.main.url}/${object.name}"])
}

output "external_tables" {
  description = "Full names of the external tables."
  value       = { for name, table in google_bigquery_table.external : name => "${table.project}.${table.dataset_id}.${table.table_id}" }
}

output "jobs" {
  description = "The pipeline's jobs: the inbox's and the schedule's."
  value       = { for name, job in google_cloud_run_v2_job.pipeline : name => job.name }
}

output "images" {
  description = "Images that run, by what they are."
  value = {
    api      = google_cloud_run_v2_service.api.template[0].containers[0].image
    pipeline = google_cloud_run_v2_job.pipeline["inbox"].template[0].template[0].containers[0].image
  }
}

output "repository" {
  description = "Where images are pushed to: HOST/PROJECT/REPOSITORY."
  value       = "${google_artifact_registry_repository.main.location}-docker.pkg.dev/${google_artifact_registry_repository.main.project}/${google_artifact_registry_repository.main.repository_id}"
}

output "service_accounts" {
  description = "Emails of the accounts, by what they do."
  value       = { for name, account in google_service_account.main : name => account.email }
}

output "github" {
  description = "What the repository's workflows are told: provider and accounts; null without github_repository."
  value = one([
    for provider in google_iam_workload_identity_pool_provider.github : {
      provider = provider.name
      accounts = { for name, account in google_service_account.github : name => account.email }
    }
  ])
}
