# Every variable refuses what Google would refuse later, or silently take.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "random" {
  source = "./tests/mocks"
}

run "takes_the_longest_names_and_the_edges" {
  variables {
    project_id          = "a23456789012345678901234567890"
    bucket_prefix       = "a23456789012345678901234567890123456789012345678"
    noncurrent_days     = 365
    staging_days        = 1
    labels              = { team = "", cost_centre = "4711" }
    managers            = ["domain:example.com", "user:ana@example.com", "serviceAccount:bot@p.iam.gserviceaccount.com"]
    analysts            = []
    signing_key_version = 7
    api_image           = "europe-docker.pkg.dev/p/r/api@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    api_instances       = { min = 1, max = 1 }
    pipeline_memory     = "32Gi"
    pipeline_minutes    = 1440
    schedule            = "*/15 6-18 * * MON-FRI"
    time_zone           = "America/Argentina/Buenos_Aires"
  }

  assert {
    condition     = length(google_storage_bucket.inbox.name) == 63
    error_message = "The inbox's name '${google_storage_bucket.inbox.name}' has ${length(google_storage_bucket.inbox.name)} characters; Cloud Storage takes 63."
  }
}

run "refuses_a_project_name" {
  command = plan

  variables {
    project_id = "Vendas Test"
  }

  expect_failures = [var.project_id]
}

run "refuses_a_project_number" {
  command = plan

  variables {
    project_id = "123456789012"
  }

  expect_failures = [var.project_id]
}

run "refuses_a_project_id_that_is_too_long" {
  command = plan

  variables {
    project_id = "a234567890123456789012345678901"
  }

  expect_failures = [var.project_id]
}

run "refuses_a_zone_for_a_location" {
  command = plan

  variables {
    location = "southamerica-east1-a"
  }

  expect_failures = [var.location]
}

run "refuses_a_location_in_lower_case" {
  command = plan

  variables {
    location = "us"
  }

  expect_failures = [var.location]
}

run "refuses_a_multi_region_to_run_in" {
  command = plan

  variables {
    region = "US"
  }

  expect_failures = [var.region]
}

run "refuses_a_zone_to_run_in" {
  command = plan

  variables {
    region = "southamerica-east1-a"
  }

  expect_failures = [var.region]
}

run "refuses_a_report_that_ingest_did_not_name" {
  command = plan

  variables {
    report = "tests/data.tftest.hcl"
  }

  expect_failures = [var.report]
}

run "refuses_a_report_that_is_not_there" {
  command = plan

  variables {
    report = "tests/reports/fedcba9876543210-n1.csv"
  }

  expect_failures = [var.report]
}

run "refuses_a_report_that_was_changed" {
  command = plan

  variables {
    report = "tests/reports/0123456789abcdef-n1.csv"
  }

  expect_failures = [var.report]
}

run "refuses_a_bucket_prefix_in_upper_case" {
  command = plan

  variables {
    bucket_prefix = "Vendas"
  }

  expect_failures = [var.bucket_prefix]
}

run "refuses_a_bucket_prefix_that_is_too_long" {
  command = plan

  variables {
    bucket_prefix = "a234567890123456789012345678901234567890123456789"
  }

  expect_failures = [var.bucket_prefix]
}

run "refuses_a_bucket_prefix_of_google" {
  command = plan

  variables {
    bucket_prefix = "my-google-reports"
  }

  expect_failures = [var.bucket_prefix]
}

run "refuses_to_delete_old_versions_at_once" {
  command = plan

  variables {
    noncurrent_days = 0
  }

  expect_failures = [var.noncurrent_days]
}

run "refuses_half_days" {
  command = plan

  variables {
    noncurrent_days = 1.5
  }

  expect_failures = [var.noncurrent_days]
}

run "refuses_staging_that_is_gone_at_once" {
  command = plan

  variables {
    staging_days = 0
  }

  expect_failures = [var.staging_days]
}

run "refuses_labels_in_upper_case" {
  command = plan

  variables {
    labels = { Team = "sales" }
  }

  expect_failures = [var.labels]
}

run "refuses_no_managers" {
  command = plan

  variables {
    managers = []
  }

  expect_failures = [var.managers]
}

run "refuses_everybody_as_a_manager" {
  command = plan

  variables {
    managers = ["allUsers"]
  }

  expect_failures = [var.managers]
}

run "refuses_everybody_who_has_an_account" {
  command = plan

  variables {
    managers = ["allAuthenticatedUsers"]
  }

  expect_failures = [var.managers]
}

run "refuses_an_address_without_its_kind" {
  command = plan

  variables {
    managers = ["ana@example.com"]
  }

  expect_failures = [var.managers]
}

run "refuses_everybody_as_an_analyst" {
  command = plan

  variables {
    analysts = ["allUsers"]
  }

  expect_failures = [var.analysts]
}

run "refuses_a_public_key_that_is_none" {
  command = plan

  variables {
    public_keys = "public.pem"
  }

  expect_failures = [var.public_keys]
}

run "refuses_a_private_key_for_a_public_one" {
  command = plan

  variables {
    public_keys = "-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n-----PRIVATE-----"
  }

  expect_failures = [var.public_keys]
}

run "refuses_a_signing_key_that_is_none" {
  command = plan

  variables {
    signing_key = "signing.pem"
  }

  expect_failures = [var.signing_key]
}

run "refuses_a_version_of_the_key_before_the_first" {
  command = plan

  variables {
    signing_key_version = 0
  }

  expect_failures = [var.signing_key_version]
}

run "refuses_an_image_without_a_tag" {
  command = plan

  variables {
    api_image = "southamerica-east1-docker.pkg.dev/vendas-test/vendas/api"
  }

  expect_failures = [var.api_image]
}

run "refuses_an_image_of_nowhere" {
  command = plan

  variables {
    pipeline_image = "pipeline:latest"
  }

  expect_failures = [var.pipeline_image]
}

run "refuses_more_instances_at_least_than_at_most" {
  command = plan

  variables {
    api_instances = { min = 3, max = 2 }
  }

  expect_failures = [var.api_instances]
}

run "refuses_no_instances" {
  command = plan

  variables {
    api_instances = { min = 0, max = 0 }
  }

  expect_failures = [var.api_instances]
}

run "refuses_settings_that_the_api_does_not_have" {
  command = plan

  variables {
    api_settings = { MAX_ROW = "1" }
  }

  expect_failures = [var.api_settings]
}

run "refuses_to_switch_the_proxy_off_by_a_setting" {
  command = plan

  variables {
    api_settings = { IAP_AUDIENCE = "" }
  }

  expect_failures = [var.api_settings]
}

run "refuses_too_little_memory" {
  command = plan

  variables {
    pipeline_memory = "512Mi"
  }

  expect_failures = [var.pipeline_memory]
}

run "refuses_a_run_of_seconds" {
  command = plan

  variables {
    pipeline_minutes = 1
  }

  expect_failures = [var.pipeline_minutes]
}

run "refuses_a_schedule_in_words" {
  command = plan

  variables {
    schedule = "every day"
  }

  expect_failures = [var.schedule]
}

run "refuses_a_time_zone_by_its_offset" {
  command = plan

  variables {
    time_zone = "-03:00"
  }

  expect_failures = [var.time_zone]
}

run "refuses_an_alert_to_nobody" {
  command = plan

  variables {
    alert_email = "ops"
  }

  expect_failures = [var.alert_email]
}

run "refuses_a_billing_account_by_its_name" {
  command = plan

  variables {
    budget = { billing_account = "My Billing", amount = 1, currency = "BRL" }
  }

  expect_failures = [var.budget]
}

run "refuses_a_budget_of_nothing" {
  command = plan

  variables {
    budget = { billing_account = "012345-ABCDEF-012345", amount = 0, currency = "BRL" }
  }

  expect_failures = [var.budget]
}

run "refuses_a_currency_by_its_sign" {
  command = plan

  variables {
    budget = { billing_account = "012345-ABCDEF-012345", amount = 1, currency = "R$" }
  }

  expect_failures = [var.budget]
}

run "refuses_a_region_for_a_zone" {
  command = plan

  variables {
    workbench = { zone = "southamerica-east1", machine_type = "e2-standard-4", owner = "ana@example.com" }
  }

  expect_failures = [var.workbench]
}

run "refuses_a_machine_that_is_none" {
  command = plan

  variables {
    workbench = { zone = "southamerica-east1-a", machine_type = "big", owner = "ana@example.com" }
  }

  expect_failures = [var.workbench]
}

run "refuses_a_notebook_of_nobody" {
  command = plan

  variables {
    workbench = { zone = "southamerica-east1-a", machine_type = "e2-standard-4", owner = "ana" }
  }

  expect_failures = [var.workbench]
}

run "refuses_a_repository_by_its_address" {
  command = plan

  variables {
    github_repository = "https://github.com/example/vendas"
  }

  expect_failures = [var.github_repository]
}
