# Who may do what, and nothing more.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "random" {
  source = "./tests/mocks"
}

run "pipeline_may_do_its_work" {
  assert {
    condition     = toset([for grant in google_project_iam_member.pipeline : grant.role]) == toset(["roles/bigquery.jobUser", "roles/bigquery.readSessionUser"])
    error_message = "On the project the pipeline may run jobs and open read sessions, and nothing else."
  }
  assert {
    condition = alltrue([
      for grant in concat(
        values(google_project_iam_member.pipeline), values(google_bigquery_dataset_iam_member.pipeline_dbt),
        values(google_storage_bucket_iam_member.pipeline_names), values(google_secret_manager_secret_iam_member.pipeline),
        [google_bigquery_dataset_iam_member.pipeline_raw, google_storage_bucket_iam_member.pipeline_objects, google_storage_bucket_iam_member.pipeline_inbox],
      ) : grant.member == "serviceAccount:pipeline"
    ])
    error_message = "A grant of the pipeline's goes to another account."
  }
  assert {
    condition     = google_bigquery_dataset_iam_member.pipeline_raw.role == "roles/bigquery.dataViewer" && alltrue([for grant in google_bigquery_dataset_iam_member.pipeline_dbt : grant.role == "roles/bigquery.dataEditor"])
    error_message = "The pipeline reads the reports' dataset and writes dbt's."
  }
  assert {
    condition     = google_storage_bucket_iam_member.pipeline_objects.condition[0].expression == join(" || ", [for prefix in ["raw/vendas/", "models/", "runs/"] : "resource.name.startsWith(\"projects/_/buckets/vendas-bmw-0a1b2c3d/objects/${prefix}\")"])
    error_message = "The pipeline writes where: ${google_storage_bucket_iam_member.pipeline_objects.condition[0].expression}."
  }
}

run "api_reads_models_and_adds_to_its_log" {
  assert {
    condition     = google_storage_bucket_iam_member.api_models.member == "serviceAccount:api" && google_storage_bucket_iam_member.api_models.role == "roles/storage.objectViewer"
    error_message = "In the bucket the API may read objects, and nothing else."
  }
  assert {
    condition     = google_storage_bucket_iam_member.api_models.condition[0].expression == join(" || ", flatten([for prefix in ["models/", "runs/"] : ["resource.name.startsWith(\"projects/_/buckets/vendas-bmw-0a1b2c3d/objects/${prefix}\")", "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"${prefix}\")"]]))
    error_message = "The API reads where: ${google_storage_bucket_iam_member.api_models.condition[0].expression}."
  }
  assert {
    condition     = google_bigquery_dataset_iam_member.api_marts.dataset_id == "vendas_marts" && google_bigquery_dataset_iam_member.api_marts.role == "roles/bigquery.dataViewer"
    error_message = "The API reads other datasets than the marts."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.api.secret_id == "vendas-public-keys" && google_secret_manager_secret_iam_member.api.member == "serviceAccount:api"
    error_message = "The API reads another secret than the public keys."
  }
  assert {
    condition     = endswith(google_bigquery_dataset_iam_member.api_log.condition[0].expression, "resource.name == \"projects/vendas-test/datasets/vendas_monitoring/tables/prediction_log\"")
    error_message = "The API writes where: ${google_bigquery_dataset_iam_member.api_log.condition[0].expression}."
  }
}

run "managers_come_through_the_proxy_and_drop_reports" {
  assert {
    condition     = [for grant in google_project_iam_member.managers : "${grant.role} ${grant.member}"] == ["roles/iap.httpsResourceAccessor group:managers@example.com"]
    error_message = "Managers reach the page otherwise than through Identity-Aware Proxy."
  }
  assert {
    condition     = google_project_iam_member.managers["group:managers@example.com"].condition[0].expression == "request.host == \"vendas-api-1.run.app\" || request.host == \"vendas-api-2.a.run.app\""
    error_message = "Managers reach more than the API: ${google_project_iam_member.managers["group:managers@example.com"].condition[0].expression}."
  }
  assert {
    condition     = [for grant in google_storage_bucket_iam_member.managers : "${grant.bucket} ${grant.role}"] == ["vendas-bmw-0a1b2c3d-inbox roles/storage.objectUser"]
    error_message = "Managers write elsewhere than in the inbox."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.proxy.member == "serviceAccount:service-123456789012@gcp-sa-iap.iam.gserviceaccount.com" && google_cloud_run_v2_service_iam_member.proxy.role == "roles/run.invoker"
    error_message = "Somebody else than Identity-Aware Proxy may ask the service."
  }
}

run "analysts_see_marts_evaluations_and_the_detected_table" {
  assert {
    condition     = [for grant in google_project_iam_member.analysts : grant.role] == ["roles/bigquery.jobUser"]
    error_message = "On the project analysts may run jobs, and nothing else."
  }
  assert {
    condition     = [for grant in google_bigquery_dataset_iam_member.analysts_marts : "${grant.dataset_id} ${grant.role}"] == ["vendas_marts roles/bigquery.dataViewer"]
    error_message = "Analysts see other datasets than the marts."
  }
  assert {
    condition     = google_bigquery_dataset_iam_member.analysts_evaluations["group:analysts@example.com"].condition[0].expression == join(" || ", [for table in ["evaluations", "leak_audit", "model_trainings", "verdicts", "forecast_backtest", "forecast_verdict", "region_forecasts"] : "resource.name == \"projects/vendas-test/datasets/vendas_ml/tables/${table}\""])
    error_message = "Of vendas_ml analysts see: ${google_bigquery_dataset_iam_member.analysts_evaluations["group:analysts@example.com"].condition[0].expression}."
  }
  assert {
    condition     = [for grant in google_bigquery_table_iam_member.analysts_reports : "${grant.dataset_id}.${grant.table_id} ${grant.role}"] == ["vendas_bmw.vendas roles/bigquery.dataViewer"]
    error_message = "Of vendas_bmw analysts see more than the detected table."
  }
  assert {
    condition     = google_storage_bucket_iam_member.connection.member == "serviceAccount:connection@agent" && strcontains(google_storage_bucket_iam_member.connection.condition[0].expression, "/objects/raw/vendas/")
    error_message = "The connection reads other objects than reports."
  }
}

run "trigger_starts_the_jobs_and_nothing_else" {
  assert {
    condition     = [for grant in google_cloud_run_v2_job_iam_member.trigger : "${grant.name} ${grant.role} ${grant.member}"] == ["vendas-pipeline-inbox roles/run.invoker serviceAccount:trigger", "vendas-pipeline-schedule roles/run.invoker serviceAccount:trigger"]
    error_message = "The trigger may do something else than start the two jobs."
  }
  assert {
    condition     = toset([for grant in google_project_iam_member.trigger : grant.role]) == toset(["roles/eventarc.eventReceiver", "roles/workflows.invoker"])
    error_message = "On the project the trigger may receive events and start workflows, and nothing else."
  }
}

run "nobody_analyses_where_there_are_no_analysts" {
  variables {
    analysts = []
  }

  assert {
    condition     = length(google_project_iam_member.analysts) + length(google_bigquery_dataset_iam_member.analysts_marts) + length(google_bigquery_table_iam_member.analysts_reports) == 0
    error_message = "Somebody has an analyst's rights."
  }
}
