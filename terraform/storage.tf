locals {
  # What writes below each: ingest, export, the pipeline's records, Cloud Build's sources.
  reports_prefix = "raw/vendas/"
  models_prefix  = "models/"
  runs_prefix    = "runs/"
  build_prefix   = "build/"
}

resource "random_id" "bucket" {
  byte_length = 4
}

resource "google_storage_bucket" "main" {
  #checkov:skip=CKV_GCP_62:Cloud Audit Logs tell who reads, where an organisation asks for it
  name     = "${var.bucket_prefix}-${random_id.bucket.hex}"
  location = var.location

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  force_destroy   = !var.deletion_protection
  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = var.noncurrent_days
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }

  # Sources of images that were built.
  lifecycle_rule {
    condition {
      age            = 7
      matches_prefix = [local.build_prefix]
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.main]
}

# Where managers drop what their spreadsheet exported; `taken/` and `refused/` hold what was read.
resource "google_storage_bucket" "inbox" {
  #checkov:skip=CKV_GCP_62:Cloud Audit Logs tell who reads, where an organisation asks for it
  name     = "${google_storage_bucket.main.name}-inbox"
  location = google_storage_bucket.main.location

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  force_destroy   = !var.deletion_protection
  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = var.noncurrent_days
      with_state                 = "ARCHIVED"
    }
    action {
      type = "Delete"
    }
  }
}

resource "google_storage_bucket_object" "report" {
  count = var.report == null ? 0 : 1

  bucket       = google_storage_bucket.main.name
  name         = "${local.reports_prefix}${basename(var.report)}"
  source       = var.report
  content_type = "text/csv"

  # Reports add up: naming the next one, or none, must not take this one out of the tables.
  deletion_policy = "ABANDON"
}
