# Workflows of one repository plan and apply without keys: GitHub's token is exchanged for a
# short one of Google's. A pull request may only look; what was merged may change.

locals {
  # Tokens of GitHub are for a subject: a pull request of the repository, or its branch main.
  github = var.github_repository == null ? {} : {
    plan  = "repo:${var.github_repository}:pull_request"
    apply = "repo:${var.github_repository}:ref:refs/heads/main"
  }

  # What each identity needs of the project; `apply` makes everything that stands in this folder.
  github_roles = {
    plan = [
      "roles/artifactregistry.reader",
      "roles/bigquery.metadataViewer",
      "roles/cloudscheduler.viewer",
      "roles/eventarc.viewer",
      "roles/iam.securityReviewer",
      "roles/iam.workloadIdentityPoolViewer",
      "roles/monitoring.viewer",
      "roles/run.viewer",
      "roles/secretmanager.viewer",
      "roles/serviceusage.serviceUsageViewer",
      "roles/storage.bucketViewer",
      "roles/storage.objectViewer",
      "roles/workflows.viewer",
    ]
    apply = [
      "roles/artifactregistry.admin", # tfcheck:ignore=role makes the repository
      "roles/bigquery.admin",         # tfcheck:ignore=role makes datasets, tables, the connection and their grants
      "roles/cloudbuild.builds.editor",
      "roles/cloudscheduler.admin",    # tfcheck:ignore=role makes the schedule
      "roles/eventarc.admin",          # tfcheck:ignore=role makes the trigger
      "roles/iam.serviceAccountAdmin", # tfcheck:ignore=role makes the accounts
      "roles/iam.serviceAccountUser",
      "roles/iam.workloadIdentityPoolAdmin", # tfcheck:ignore=role makes the pool
      "roles/monitoring.editor",
      "roles/resourcemanager.projectIamAdmin", # tfcheck:ignore=role makes the grants that only a project can hold
      "roles/run.admin",                       # tfcheck:ignore=role makes service and jobs and who may start them
      "roles/secretmanager.admin",             # tfcheck:ignore=role makes the secrets and who may read them
      "roles/serviceusage.serviceUsageAdmin",  # tfcheck:ignore=role enables services
      "roles/storage.admin",                   # tfcheck:ignore=role makes the buckets and their grants
      "roles/workflows.admin",                 # tfcheck:ignore=role makes the workflow
    ]
  }

  github_grants = merge([
    for name in keys(local.github) : {
      for role in local.github_roles[name] : "${name} ${role}" => { account = name, role = role }
    }
  ]...)
}

resource "google_iam_workload_identity_pool" "github" {
  count = var.github_repository == null ? 0 : 1

  workload_identity_pool_id = "vendas-github"
  display_name              = "GitHub"
  description               = "Workflows of ${var.github_repository}."

  depends_on = [google_project_service.main]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:the condition names whole subjects; checkov does not work it out
  count = var.github_repository == null ? 0 : 1

  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  attribute_condition                = join(" || ", [for subject in values(local.github) : "assertion.sub == \"${subject}\""])
  attribute_mapping                  = { "google.subject" = "assertion.sub" }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "github" {
  for_each = local.github

  account_id   = "vendas-github-${each.key}"
  display_name = "Vendas GitHub ${each.key}"
  description  = "Terraform ${each.key} in the workflows of ${var.github_repository}."

  depends_on = [google_project_service.main]
}

resource "google_service_account_iam_member" "github" {
  for_each = local.github

  service_account_id = google_service_account.github[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/subject/${each.value}"
}

resource "google_project_iam_member" "github" {
  for_each = local.github_grants

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.github[each.value.account].member
}
