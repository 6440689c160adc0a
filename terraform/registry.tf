resource "google_artifact_registry_repository" "main" {
  #checkov:skip=CKV_GCP_84:Google's own keys encrypt it; a key of one's own is one more thing to lose
  repository_id = "vendas"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the API and of the pipeline."

  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-after-a-quarter"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }

  depends_on = [google_project_service.main]
}
