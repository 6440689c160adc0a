terraform {
  required_version = "~> 1.11"

  # Where the state lies is chosen at init: `make deploy` makes a bucket for it.
  backend "gcs" {}

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.9"
    }
  }
}

provider "google" {
  project        = var.project_id
  default_labels = var.labels

  # Budgets are billed to the project whose user asks.
  user_project_override = true
  billing_project       = var.project_id
}

data "google_project" "main" {
  project_id = var.project_id
}
