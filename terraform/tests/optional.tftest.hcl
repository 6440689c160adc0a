# Each optional part, off and on.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "random" {
  source = "./tests/mocks"
}

run "nothing_optional_is_made_unasked" {
  assert {
    condition     = length(google_monitoring_alert_policy.failed_run) + length(google_monitoring_notification_channel.email) + length(google_billing_budget.main) + length(google_workbench_instance.notebook) + length(google_project_iam_member.pipeline_registry) + length(google_iam_workload_identity_pool.github) + length(google_service_account.github) + length(google_project_iam_member.github) == 0
    error_message = "An optional part is made unasked."
  }
  assert {
    condition     = alltrue([for service in ["aiplatform", "billingbudgets", "compute", "monitoring", "notebooks", "sts"] : !contains(keys(google_project_service.main), "${service}.googleapis.com")])
    error_message = "The service of an optional part is enabled unasked."
  }
  assert {
    condition     = output.github == null
    error_message = "There is an output for GitHub without a repository."
  }
}

run "alert_tells_of_a_failed_run" {
  variables {
    alert_email = "ops@example.com"
  }

  assert {
    condition     = google_monitoring_notification_channel.email[0].labels.email_address == "ops@example.com" && google_monitoring_alert_policy.failed_run[0].notification_channels == tolist([google_monitoring_notification_channel.email[0].id])
    error_message = "The alert goes elsewhere."
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.pipeline : startswith(job.name, "vendas-pipeline-")]) && strcontains(google_monitoring_alert_policy.failed_run[0].conditions[0].condition_threshold[0].filter, "starts_with(\"vendas-pipeline-\")")
    error_message = "The alert does not look at the pipeline's jobs."
  }
  assert {
    condition     = contains(keys(google_project_service.main), "monitoring.googleapis.com")
    error_message = "Monitoring is not enabled."
  }
}

run "budget_tells_whoever_the_alerts_go_to" {
  variables {
    alert_email = "ops@example.com"
    budget      = { billing_account = "012345-ABCDEF-012345", amount = 500, currency = "BRL" }
  }

  assert {
    condition     = google_billing_budget.main[0].amount[0].specified_amount[0].units == "500" && google_billing_budget.main[0].amount[0].specified_amount[0].currency_code == "BRL"
    error_message = "The budget is ${jsonencode(google_billing_budget.main[0].amount)}."
  }
  assert {
    condition     = google_billing_budget.main[0].budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "The budget counts other projects."
  }
  assert {
    condition     = length(google_billing_budget.main[0].all_updates_rule) == 1 && [for rule in google_billing_budget.main[0].threshold_rules : rule.threshold_percent] == [0.5, 0.9, 1]
    error_message = "The budget tells nobody, or too late."
  }
}

run "workbench_is_one_persons_and_closed" {
  variables {
    workbench = { zone = "southamerica-east1-a", machine_type = "e2-standard-4", owner = "ana@example.com" }
  }

  assert {
    condition     = google_workbench_instance.notebook[0].instance_owners == tolist(["ana@example.com"]) && google_workbench_instance.notebook[0].gce_setup[0].disable_public_ip && google_workbench_instance.notebook[0].enable_managed_euc
    error_message = "The notebook is open to others, or works with other rights than its owner's."
  }
}

run "models_are_registered_in_vertex_ai" {
  variables {
    model_registry = true
  }

  assert {
    condition     = local.pipeline_environment.MODEL_REGISTRY == "vertex_ai" && google_project_iam_member.pipeline_registry[0].member == "serviceAccount:pipeline" && contains(keys(google_project_service.main), "aiplatform.googleapis.com")
    error_message = "The pipeline cannot register models."
  }
}

run "github_plans_for_anybody_and_applies_what_was_merged" {
  variables {
    github_repository = "example/vendas"
  }

  assert {
    condition     = google_iam_workload_identity_pool_provider.github[0].attribute_condition == "assertion.sub == \"repo:example/vendas:ref:refs/heads/main\" || assertion.sub == \"repo:example/vendas:pull_request\""
    error_message = "Other repositories get in: ${google_iam_workload_identity_pool_provider.github[0].attribute_condition}."
  }
  assert {
    condition     = endswith(google_service_account_iam_member.github["apply"].member, "/subject/repo:example/vendas:ref:refs/heads/main") && endswith(google_service_account_iam_member.github["plan"].member, "/subject/repo:example/vendas:pull_request")
    error_message = "Another branch than main applies: ${google_service_account_iam_member.github["apply"].member}."
  }
  assert {
    condition     = alltrue([for grant in google_project_iam_member.github : !contains(["roles/owner", "roles/editor", "roles/viewer"], grant.role)])
    error_message = "A workflow has a primitive role."
  }
  assert {
    condition     = alltrue([for name, grant in google_project_iam_member.github : can(regex("[vV]iewer$|[rR]eader$|[rR]eviewer$", grant.role)) if startswith(name, "plan ")])
    error_message = "A plan may change something."
  }
}
