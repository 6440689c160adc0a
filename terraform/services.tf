locals {
  services = concat(
    [
      "artifactregistry.googleapis.com",
      "bigquery.googleapis.com",
      "bigqueryconnection.googleapis.com",
      "bigquerystorage.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "cloudscheduler.googleapis.com",
      "eventarc.googleapis.com",
      "iam.googleapis.com",
      "iap.googleapis.com",
      "logging.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "storage.googleapis.com",
      "workflowexecutions.googleapis.com",
      "workflows.googleapis.com",
    ],
    var.alert_email == null ? [] : ["monitoring.googleapis.com"],
    var.budget == null ? [] : ["billingbudgets.googleapis.com"],
    var.github_repository == null ? [] : ["iamcredentials.googleapis.com", "sts.googleapis.com"],
    var.model_registry ? ["aiplatform.googleapis.com"] : [],
    var.workbench == null ? [] : ["compute.googleapis.com", "notebooks.googleapis.com"],
  )
}

resource "google_project_service" "main" {
  for_each = toset(local.services)

  service = each.key
  # The project may hold more than this; what else uses the service must go on.
  disable_on_destroy = false
}
