# What runs: service, jobs, secrets, workflow, schedule, and what they are told.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "random" {
  source = "./tests/mocks"
}

run "api_is_behind_the_proxy" {
  assert {
    condition     = google_cloud_run_v2_service.api.iap_enabled && google_cloud_run_v2_service.api.invoker_iam_disabled != true
    error_message = "The API can be reached without Identity-Aware Proxy."
  }
  assert {
    condition     = google_cloud_run_v2_service.api.template[0].service_account == "api@vendas-test"
    error_message = "The API runs as '${google_cloud_run_v2_service.api.template[0].service_account}'."
  }
  assert {
    condition     = local.api_environment.IAP_AUDIENCE == "/projects/123456789012/locations/southamerica-east1/services/vendas-api"
    error_message = "The API takes tokens for '${local.api_environment.IAP_AUDIENCE}'."
  }
  assert {
    condition     = tomap({ for env in google_cloud_run_v2_service.api.template[0].containers[0].env : env.name => env.value }) == tomap(local.api_environment)
    error_message = "The API is told something else than local.api_environment."
  }
  assert {
    condition     = google_cloud_run_v2_service.api.template[0].volumes[0].secret[0].secret == "vendas-public-keys" && length(google_cloud_run_v2_service.api.template[0].volumes) == 1
    error_message = "The API gets another secret than the public keys."
  }
  assert {
    condition     = google_cloud_run_v2_service.api.template[0].containers[0].startup_probe[0].http_get[0].path == "/health/live" && google_cloud_run_v2_service.api.template[0].containers[0].liveness_probe[0].http_get[0].path == "/health/live"
    error_message = "The API is probed elsewhere than at its health routes."
  }
  assert {
    condition     = google_cloud_run_v2_service.api.template[0].scaling[0].min_instance_count == 0 && google_cloud_run_v2_service.api.template[0].scaling[0].max_instance_count == 2
    error_message = "The API scales otherwise than it was told."
  }
}

run "pipeline_runs_once_and_with_the_key" {
  assert {
    condition     = { for name, job in google_cloud_run_v2_job.pipeline : name => job.template[0].template[0].containers[0].args } == { inbox = tolist(["inbox"]), schedule = tolist(["inbox", "--always"]) }
    error_message = "The jobs run something else."
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.pipeline : job.template[0].template[0].max_retries == 0 && job.template[0].template[0].service_account == "pipeline@vendas-test" && job.template[0].template[0].timeout == "3600s"])
    error_message = "A job is tried again by itself, runs as somebody else, or without end."
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.pipeline : tomap({ for env in job.template[0].template[0].containers[0].env : env.name => env.value }) == tomap(local.pipeline_environment)])
    error_message = "A job is told something else than local.pipeline_environment."
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.pipeline : [for volume in job.template[0].template[0].volumes : volume.secret[0].secret] == ["vendas-signing-key", "vendas-public-keys"]])
    error_message = "A job lacks a key."
  }
  assert {
    condition     = local.pipeline_environment.MODEL_REGISTRY == "" && local.pipeline_environment.MODEL_SIGNING_KEY_FILE == "/keys/signing/key.pem" && local.pipeline_environment.VENDAS_INBOX == "vendas-bmw-0a1b2c3d-inbox"
    error_message = "The pipeline is told: ${jsonencode(local.pipeline_environment)}."
  }
}

run "signing_key_is_written_and_not_read" {
  assert {
    condition     = google_secret_manager_secret_version.signing_key.secret_data == null && google_secret_manager_secret_version.public_keys.secret_data == var.public_keys
    error_message = "The signing key would stand in the state."
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.main : secret.replication[0].user_managed[0].replicas[0].location == "southamerica-east1"])
    error_message = "A secret leaves the region."
  }
}

run "a_report_in_the_inbox_starts_the_job" {
  assert {
    condition     = { for criterion in google_eventarc_trigger.inbox.matching_criteria : criterion.attribute => criterion.value } == { type = "google.cloud.storage.object.v1.finalized", bucket = "vendas-bmw-0a1b2c3d-inbox" }
    error_message = "The trigger waits for: ${jsonencode(google_eventarc_trigger.inbox.matching_criteria)}."
  }
  assert {
    condition     = google_eventarc_trigger.inbox.destination[0].workflow == google_workflows_workflow.inbox.id && google_workflows_workflow.inbox.user_env_vars.JOB == google_cloud_run_v2_job.pipeline["inbox"].id
    error_message = "The trigger starts something else than the inbox's job."
  }
  assert {
    condition     = google_eventarc_trigger.inbox.location == "southamerica-east1"
    error_message = "The trigger is not where its bucket is."
  }
  assert {
    condition     = google_cloud_scheduler_job.pipeline.http_target[0].uri == "https://run.googleapis.com/v2/${google_cloud_run_v2_job.pipeline["schedule"].id}:run" && google_cloud_scheduler_job.pipeline.time_zone == "America/Sao_Paulo"
    error_message = "The schedule starts '${google_cloud_scheduler_job.pipeline.http_target[0].uri}'."
  }
}

run "trigger_of_a_multi_region_is_in_lower_case" {
  variables {
    location = "US"
  }

  assert {
    condition     = google_eventarc_trigger.inbox.location == "us" && google_workflows_workflow.inbox.region == "southamerica-east1"
    error_message = "The trigger lies in '${google_eventarc_trigger.inbox.location}'."
  }
}

run "settings_of_the_api_can_be_added_and_not_overwritten" {
  variables {
    api_settings = { MAX_ROWS = "50000", CORS_ORIGINS = "https://example.com" }
  }

  assert {
    condition     = local.api_environment.MAX_ROWS == "50000" && local.api_environment.VENDAS_TARGET == "cloud"
    error_message = "The API is told: ${jsonencode(local.api_environment)}."
  }
}

run "environment_is_what_the_commands_read" {
  assert {
    condition     = output.environment == "export VENDAS_TARGET=cloud\nexport BQ_PROJECT=vendas-test\nexport BQ_LOCATION=southamerica-east1\nexport VENDAS_BUCKET=vendas-bmw-0a1b2c3d\nexport VENDAS_INBOX=vendas-bmw-0a1b2c3d-inbox\n"
    error_message = "The environment is: ${output.environment}"
  }
  assert {
    condition     = output.repository == "southamerica-east1-docker.pkg.dev/vendas-test/vendas" && output.url == "https://vendas-api-1.run.app" && output.inbox == "gs://vendas-bmw-0a1b2c3d-inbox"
    error_message = "Outputs are ${output.repository}, ${output.url}, ${output.inbox}."
  }
}
