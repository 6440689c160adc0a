# Buckets and datasets: names, guards, where they lie.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "random" {
  source = "./tests/mocks"
}

run "buckets_are_closed_versioned_and_protected" {
  assert {
    condition     = google_storage_bucket.main.name == "vendas-bmw-0a1b2c3d" && google_storage_bucket.inbox.name == "vendas-bmw-0a1b2c3d-inbox"
    error_message = "The buckets are '${google_storage_bucket.main.name}' and '${google_storage_bucket.inbox.name}'; expected the prefix and the random suffix."
  }
  assert {
    condition     = alltrue([for bucket in [google_storage_bucket.main, google_storage_bucket.inbox] : bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced"])
    error_message = "A bucket's objects can be opened to the public."
  }
  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.main, google_storage_bucket.inbox] :
      bucket.versioning[0].enabled && one(bucket.lifecycle_rule[0].condition).days_since_noncurrent_time == 30 && one(bucket.lifecycle_rule[0].condition).with_state == "ARCHIVED"
    ])
    error_message = "What was overwritten or withdrawn cannot be brought back for 30 days, or live objects would be deleted."
  }
  assert {
    condition     = length(google_storage_bucket.main.lifecycle_rule) == 2 && one(google_storage_bucket.main.lifecycle_rule[1].condition).matches_prefix == tolist(["build/"])
    error_message = "Something else than old versions and sources of images would be deleted."
  }
  assert {
    condition     = alltrue([for bucket in [google_storage_bucket.main, google_storage_bucket.inbox] : !bucket.force_destroy && bucket.deletion_policy == "PREVENT"])
    error_message = "By default a bucket can be destroyed with what it holds."
  }
}

run "report_enters_as_ingest_would_name_it" {
  assert {
    condition     = output.report_uri == "gs://vendas-bmw-0a1b2c3d/raw/vendas/26eca72a3efa6b9c-n2.csv"
    error_message = "The report lies at '${output.report_uri}'."
  }
  assert {
    condition     = google_storage_bucket_object.report[0].deletion_policy == "ABANDON"
    error_message = "Naming the next report would take this one out of the tables."
  }
}

run "no_report_is_named_once_there_is_one" {
  variables {
    report = null
  }

  assert {
    condition     = length(google_storage_bucket_object.report) == 0 && output.report_uri == null
    error_message = "Something is uploaded though nothing was named."
  }
}

run "external_tables_set_every_guard" {
  assert {
    condition     = toset(keys(google_bigquery_table.external)) == toset(["vendas", "vendas_raw"])
    error_message = "The external tables are ${join(", ", keys(google_bigquery_table.external))}."
  }
  assert {
    condition = alltrue([
      for table in google_bigquery_table.external : alltrue([
        table.dataset_id == "vendas_bmw",
        table.external_data_configuration[0].source_uris == tolist(["gs://vendas-bmw-0a1b2c3d/raw/vendas/*.csv"]),
        table.external_data_configuration[0].source_format == "CSV",
        table.external_data_configuration[0].max_bad_records == 0,
        table.external_data_configuration[0].csv_options[0].source_column_match == "NAME",
        table.external_data_configuration[0].csv_options[0].skip_leading_rows == 1,
        table.external_data_configuration[0].csv_options[0].allow_quoted_newlines,
        table.external_data_configuration[0].csv_options[0].field_delimiter == ",",
        table.external_data_configuration[0].csv_options[0].encoding == "UTF-8",
        table.external_data_configuration[0].csv_options[0].quote == "\"",
      ])
    ])
    error_message = "An external table lacks a guard: ${jsonencode({ for name, table in google_bigquery_table.external : name => table.external_data_configuration })}."
  }
  assert {
    condition     = google_bigquery_table.external["vendas"].external_data_configuration[0].autodetect && google_bigquery_table.external["vendas"].external_data_configuration[0].connection_id == google_bigquery_connection.reports.name
    error_message = "vendas does not detect its types, or is not read through the connection."
  }
  assert {
    condition     = !google_bigquery_table.external["vendas_raw"].external_data_configuration[0].autodetect
    error_message = "vendas_raw detects types: a bad value could break a query."
  }
  assert {
    condition = [
      for column in jsondecode(google_bigquery_table.external["vendas_raw"].external_data_configuration[0].schema) : "${column.name} ${column.type}"
    ] == [for column in jsondecode(file("schemas/vendas.json")) : "${column.name} STRING"]
    error_message = "vendas_raw does not have the contract's columns as STRING."
  }
}

run "datasets_lie_with_the_buckets" {
  assert {
    condition     = google_bigquery_dataset.raw.friendly_name == "Dataset Vendas BMW"
    error_message = "The dataset is called '${google_bigquery_dataset.raw.friendly_name}'."
  }
  assert {
    condition = alltrue([
      for dataset in concat([google_bigquery_dataset.raw], values(google_bigquery_dataset.dbt)) :
      dataset.location == google_storage_bucket.main.location && dataset.deletion_policy == "PREVENT" && !dataset.delete_contents_on_destroy
    ])
    error_message = "A dataset lies elsewhere than the bucket, or is not protected."
  }
  assert {
    condition     = google_bigquery_connection.reports.location == google_bigquery_dataset.raw.location && google_storage_bucket.inbox.location == google_storage_bucket.main.location
    error_message = "The connection or the inbox lies elsewhere."
  }
  assert {
    condition     = google_bigquery_dataset.dbt["vendas_staging"].default_table_expiration_ms == 60 * 24 * 3600 * 1000
    error_message = "Staging tables do not expire after 60 days."
  }
}

run "services_outlive_a_destroy" {
  assert {
    condition     = alltrue([for service in google_project_service.main : !service.disable_on_destroy])
    error_message = "Destroying would switch off services that others use."
  }
}

run "protection_can_be_taken_off" {
  variables {
    deletion_protection = false
  }

  assert {
    condition     = alltrue([for bucket in [google_storage_bucket.main, google_storage_bucket.inbox] : bucket.force_destroy && bucket.deletion_policy == "DELETE"])
    error_message = "A bucket cannot be destroyed."
  }
  assert {
    condition = alltrue([
      for dataset in concat([google_bigquery_dataset.raw], values(google_bigquery_dataset.dbt)) :
      dataset.delete_contents_on_destroy && dataset.deletion_policy == "DELETE"
    ])
    error_message = "A dataset cannot be destroyed."
  }
  assert {
    condition     = !google_cloud_run_v2_service.api.deletion_protection && !google_workflows_workflow.inbox.deletion_protection && alltrue([for job in google_cloud_run_v2_job.pipeline : !job.deletion_protection])
    error_message = "The service, a job or the workflow cannot be destroyed."
  }
}
