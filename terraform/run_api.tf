locals {
  api_name       = "vendas-api"
  prediction_log = "prediction_log"

  # Where secrets are mounted: each in a folder of its own.
  public_keys_file = "/keys/public/keys.pem"
  signing_key_file = "/keys/signing/key.pem"

  # What may be changed in api_settings; everything else is set below, or is for other places.
  api_settings = [
    "CORS_ORIGINS", "KEPT_VERSIONS", "LOG_REQUESTS", "MAX_BODY_BYTES", "MAX_CONCURRENT",
    "MAX_CONNECTIONS", "MAX_PER_SECOND", "MAX_ROWS", "PREDICTION_LOG_SECONDS", "RELOAD_SECONDS",
    "REQUEST_SECONDS", "WORKERS",
  ]

  api_environment = merge(var.api_settings, {
    VENDAS_TARGET         = "cloud"
    BQ_PROJECT            = var.project_id
    BQ_LOCATION           = google_bigquery_dataset.raw.location
    VENDAS_BUCKET         = google_storage_bucket.main.name
    DEFAULT_MODEL         = "price_linear"
    MODEL_PUBLIC_KEY_FILE = local.public_keys_file
    IAP_AUDIENCE          = "/projects/${data.google_project.main.number}/locations/${var.region}/services/${local.api_name}"
    PREDICTION_LOG        = "vendas_monitoring.${local.prediction_log}"
    HOST                  = "0.0.0.0"
    LOG_FORM              = "json"
  })
}

# The API and the page. Nobody reaches it but through Identity-Aware Proxy.
resource "google_cloud_run_v2_service" "api" {
  name        = local.api_name
  location    = var.region
  description = "Sales models: page and REST API."

  iap_enabled         = true
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = var.deletion_protection

  template {
    service_account                  = google_service_account.main["api"].email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = 80
    timeout                          = "60s"

    scaling {
      min_instance_count = var.api_instances.min
      max_instance_count = var.api_instances.max
    }

    containers {
      image = var.api_image

      ports {
        container_port = 8080
      }

      resources {
        limits            = { cpu = "1", memory = "1Gi" }
        startup_cpu_boost = true
        # What it predicted is loaded into BigQuery between two requests, too.
        cpu_idle = var.api_instances.min == 0
      }

      dynamic "env" {
        for_each = local.api_environment

        content {
          name  = env.key
          value = env.value
        }
      }

      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 30
        http_get {
          path = "/health/live"
        }
      }

      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3
        http_get {
          path = "/health/live"
        }
      }

      volume_mounts {
        name       = "public-keys"
        mount_path = dirname(local.public_keys_file)
      }
    }

    volumes {
      name = "public-keys"
      secret {
        secret = google_secret_manager_secret.main["public-keys"].secret_id
        items {
          path    = basename(local.public_keys_file)
          version = google_secret_manager_secret_version.public_keys.version
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.api]
}
