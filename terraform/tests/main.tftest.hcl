# What is made, with mocked providers: names, guards, grants, outputs.

mock_provider "google" {
  mock_resource "google_storage_bucket" {
    defaults = { url = "gs://vendas-bmw-0a1b2c3d" }
  }
  mock_resource "google_bigquery_dataset" {
    defaults = { project = "vendas-test" }
  }
  mock_resource "google_bigquery_table" {
    defaults = { project = "vendas-test" }
  }

  override_resource {
    target = google_service_account.pipeline
    values = { member = "serviceAccount:pipeline" }
  }
  override_resource {
    target = google_service_account.api
    values = { member = "serviceAccount:api" }
  }
}

mock_provider "random" {
  mock_resource "random_id" {
    defaults = { hex = "0a1b2c3d" }
  }
}

variables {
  project_id = "vendas-test"
  location   = "southamerica-east1"
  report     = "tests/reports/26eca72a3efa6b9c-n2.csv"
}

run "bucket_is_closed_versioned_and_protected" {
  assert {
    condition     = google_storage_bucket.main.name == "vendas-bmw-0a1b2c3d"
    error_message = "The bucket is '${google_storage_bucket.main.name}'; expected the prefix and the random suffix."
  }
  assert {
    condition     = google_storage_bucket.main.uniform_bucket_level_access && google_storage_bucket.main.public_access_prevention == "enforced"
    error_message = "The bucket's objects can be opened to the public."
  }
  assert {
    condition     = google_storage_bucket.main.versioning[0].enabled && one(google_storage_bucket.main.lifecycle_rule[0].condition).days_since_noncurrent_time == 30
    error_message = "A withdrawn report cannot be brought back for 30 days."
  }
  assert {
    condition     = one(google_storage_bucket.main.lifecycle_rule[0].condition).with_state == "ARCHIVED"
    error_message = "The lifecycle rule would delete live reports."
  }
  assert {
    condition     = !google_storage_bucket.main.force_destroy && google_storage_bucket.main.deletion_policy == "PREVENT"
    error_message = "By default the bucket can be destroyed with its reports."
  }
}

run "report_enters_as_ingest_would_name_it" {
  assert {
    condition     = output.report_uri == "gs://vendas-bmw-0a1b2c3d/raw/vendas/26eca72a3efa6b9c-n2.csv"
    error_message = "The report lies at '${output.report_uri}'."
  }
  assert {
    condition     = google_storage_bucket_object.report.deletion_policy == "ABANDON"
    error_message = "Naming the next report would take this one out of the tables."
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
    condition     = google_bigquery_table.external["vendas"].external_data_configuration[0].autodetect
    error_message = "vendas does not detect its types."
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

run "datasets_lie_with_the_bucket" {
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
}

run "accounts_may_do_no_more_than_their_work" {
  assert {
    condition     = toset([for grant in google_project_iam_member.pipeline : grant.role]) == toset(["roles/bigquery.jobUser", "roles/bigquery.readSessionUser"])
    error_message = "On the project the pipeline may run jobs and open read sessions, and nothing else."
  }
  assert {
    condition = alltrue([
      for grant in concat(
        values(google_project_iam_member.pipeline), values(google_bigquery_dataset_iam_member.pipeline_dbt),
        [google_bigquery_dataset_iam_member.pipeline_raw, google_storage_bucket_iam_member.pipeline_names, google_storage_bucket_iam_member.pipeline_objects],
      ) : grant.member == "serviceAccount:pipeline"
    ])
    error_message = "A grant of the pipeline's goes to another account."
  }
  assert {
    condition     = google_bigquery_dataset_iam_member.pipeline_raw.role == "roles/bigquery.dataViewer" && alltrue([for grant in google_bigquery_dataset_iam_member.pipeline_dbt : grant.role == "roles/bigquery.dataEditor"])
    error_message = "The pipeline reads the reports' dataset and writes dbt's."
  }
  assert {
    condition     = google_storage_bucket_iam_member.pipeline_objects.condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/vendas-bmw-0a1b2c3d/objects/raw/vendas/\") || resource.name.startsWith(\"projects/_/buckets/vendas-bmw-0a1b2c3d/objects/models/\")"
    error_message = "The pipeline writes where: ${google_storage_bucket_iam_member.pipeline_objects.condition[0].expression}."
  }
  assert {
    condition     = google_storage_bucket_iam_member.api_models.member == "serviceAccount:api" && google_storage_bucket_iam_member.api_models.role == "roles/storage.objectViewer"
    error_message = "The API's one grant is to read objects."
  }
  assert {
    condition     = google_storage_bucket_iam_member.api_models.condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/vendas-bmw-0a1b2c3d/objects/models/\") || api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"models/\")"
    error_message = "The API reads where: ${google_storage_bucket_iam_member.api_models.condition[0].expression}."
  }
}

run "environment_is_what_the_commands_read" {
  assert {
    condition     = output.environment == "export VENDAS_TARGET=cloud\nexport BQ_PROJECT=vendas-test\nexport BQ_LOCATION=southamerica-east1\nexport VENDAS_BUCKET=vendas-bmw-0a1b2c3d\n"
    error_message = "The environment is: ${output.environment}"
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
    condition     = google_storage_bucket.main.force_destroy && google_storage_bucket.main.deletion_policy == "DELETE"
    error_message = "The bucket cannot be destroyed."
  }
  assert {
    condition = alltrue([
      for dataset in concat([google_bigquery_dataset.raw], values(google_bigquery_dataset.dbt)) :
      dataset.delete_contents_on_destroy && dataset.deletion_policy == "DELETE"
    ])
    error_message = "A dataset cannot be destroyed."
  }
}
