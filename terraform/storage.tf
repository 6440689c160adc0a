locals {
  # ingest writes below the first, export below the second.
  reports_prefix = "raw/vendas/"
  models_prefix  = "models/"
}

resource "random_id" "bucket" {
  byte_length = 4
}

resource "google_storage_bucket" "main" {
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

  depends_on = [google_project_service.main]
}

resource "google_storage_bucket_object" "report" {
  bucket       = google_storage_bucket.main.name
  name         = "${local.reports_prefix}${basename(var.report)}"
  source       = var.report
  content_type = "text/csv"

  # Reports add up: naming the next one must not take this one out of the tables.
  deletion_policy = "ABANDON"
}
