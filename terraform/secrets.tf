locals {
  secrets = {
    signing-key = "Signs models; the pipeline alone reads it."
    public-keys = "Prove who signed a model."
  }
}

resource "google_secret_manager_secret" "main" {
  for_each = local.secrets

  secret_id   = "vendas-${each.key}"
  annotations = { purpose = each.value }

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.main]
}

# Written and never read back: the key is in Secret Manager, not in Terraform's state.
resource "google_secret_manager_secret_version" "signing_key" {
  secret                 = google_secret_manager_secret.main["signing-key"].id
  secret_data_wo         = var.signing_key
  secret_data_wo_version = var.signing_key_version
}

resource "google_secret_manager_secret_version" "public_keys" {
  secret      = google_secret_manager_secret.main["public-keys"].id
  secret_data = var.public_keys
}
