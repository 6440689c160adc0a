# Every variable refuses what Google would refuse later, or silently take.

mock_provider "google" {}
mock_provider "random" {
  mock_resource "random_id" {
    defaults = { hex = "0a1b2c3d" }
  }
}

variables {
  project_id = "vendas-test"
  location   = "US"
  report     = "tests/reports/26eca72a3efa6b9c-n2.csv"
}

run "takes_the_longest_names" {
  variables {
    project_id      = "a23456789012345678901234567890"
    bucket_prefix   = "a23456789012345678901234567890123456789012345678901234"
    noncurrent_days = 365
    labels          = { team = "", cost_centre = "4711" }
  }

  assert {
    condition     = length(output.bucket) == 63
    error_message = "The bucket's name '${output.bucket}' has ${length(output.bucket)} characters; Cloud Storage takes 63."
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

run "refuses_a_report_that_ingest_did_not_name" {
  command = plan

  variables {
    report = "tests/main.tftest.hcl"
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
    bucket_prefix = "a234567890123456789012345678901234567890123456789012345"
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

run "refuses_labels_in_upper_case" {
  command = plan

  variables {
    labels = { Team = "sales" }
  }

  expect_failures = [var.labels]
}
