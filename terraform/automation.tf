# A report lands in the inbox: Eventarc → Workflows → the job. And the schedule.

locals {
  jobs_url = "https://run.googleapis.com/v2"
}

resource "google_workflows_workflow" "inbox" {
  name            = "vendas-inbox"
  region          = var.region
  description     = "Starts the pipeline when a report lands in the inbox."
  service_account = google_service_account.main["trigger"].id
  source_contents = file("${path.module}/workflow.yaml")

  user_env_vars       = { JOB = google_cloud_run_v2_job.pipeline["inbox"].id }
  deletion_protection = var.deletion_protection
}

resource "google_eventarc_trigger" "inbox" {
  name            = "vendas-inbox"
  location        = lower(google_storage_bucket.inbox.location)
  service_account = google_service_account.main["trigger"].email

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.storage.object.v1.finalized"
  }

  matching_criteria {
    attribute = "bucket"
    value     = google_storage_bucket.inbox.name
  }

  destination {
    workflow = google_workflows_workflow.inbox.id
  }

  depends_on = [google_project_iam_member.storage_events, google_project_iam_member.trigger]
}

resource "google_cloud_scheduler_job" "pipeline" {
  name        = "vendas-pipeline"
  region      = var.region
  description = "Runs the pipeline even if no report came."
  schedule    = var.schedule
  time_zone   = var.time_zone

  http_target {
    http_method = "POST"
    uri         = "${local.jobs_url}/${google_cloud_run_v2_job.pipeline["schedule"].id}:run"

    oauth_token {
      service_account_email = google_service_account.main["trigger"].email
    }
  }

  retry_config {
    retry_count = 3
  }
}
