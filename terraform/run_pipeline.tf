locals {
  # One job for each way to start: nobody who starts one needs the right to change its arguments.
  pipeline_jobs = {
    inbox    = ["inbox"]
    schedule = ["inbox", "--always"]
  }

  pipeline_environment = {
    VENDAS_TARGET          = "cloud"
    BQ_PROJECT             = var.project_id
    BQ_LOCATION            = google_bigquery_dataset.raw.location
    VENDAS_BUCKET          = google_storage_bucket.main.name
    VENDAS_INBOX           = google_storage_bucket.inbox.name
    MODEL_SIGNING_KEY_FILE = local.signing_key_file
    MODEL_PUBLIC_KEY_FILE  = local.public_keys_file
    MODEL_REGISTRY         = var.model_registry ? "vertex_ai" : ""
    LEASE_SECONDS          = "300"
    LOG_FORM               = "json"
  }
}

resource "google_cloud_run_v2_job" "pipeline" {
  for_each = local.pipeline_jobs

  name                = "vendas-pipeline-${each.key}"
  location            = var.region
  deletion_protection = var.deletion_protection

  template {
    template {
      service_account       = google_service_account.main["pipeline"].email
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      timeout               = "${var.pipeline_minutes * 60}s"
      # A run that failed goes on with the next trigger or the schedule, and is told meanwhile.
      max_retries = 0

      containers {
        image = var.pipeline_image
        args  = each.value

        resources {
          limits = { cpu = "2", memory = var.pipeline_memory }
        }

        dynamic "env" {
          for_each = local.pipeline_environment

          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "volume_mounts" {
          for_each = { signing-key = local.signing_key_file, public-keys = local.public_keys_file }

          content {
            name       = volume_mounts.key
            mount_path = dirname(volume_mounts.value)
          }
        }
      }

      volumes {
        name = "signing-key"
        secret {
          secret = google_secret_manager_secret.main["signing-key"].secret_id
          items {
            path    = basename(local.signing_key_file)
            version = google_secret_manager_secret_version.signing_key.version
          }
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
  }

  depends_on = [google_secret_manager_secret_iam_member.pipeline]
}
