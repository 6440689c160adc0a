# What has to be chosen, and names.

variable "project_id" {
  description = "Google Cloud project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is '${var.project_id}'; expected a project's ID (not its name or number): 6 to 30 lower-case letters, digits and hyphens, beginning with a letter. `gcloud projects list` shows yours."
  }
}

variable "location" {
  description = "Where buckets and datasets live; cannot be changed later."
  type        = string

  validation {
    condition     = can(regex("^(US|EU|[a-z]+-[a-z]+[0-9]+)$", var.location))
    error_message = "location is '${var.location}'; expected US, EU or a region such as southamerica-east1, which both BigQuery and Cloud Storage have."
  }
}

variable "region" {
  description = "Where containers, images, workflow and schedule run; near `location`."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is '${var.region}'; expected one region such as southamerica-east1 (`gcloud run regions list`), even where location is US or EU."
  }
}

variable "report" {
  description = "First report, as `python -m ingest normalise` wrote it (path from where Terraform runs, or absolute); null once there is one. A later one is added to it, none is taken away."
  type        = string
  default     = null

  validation {
    condition     = var.report == null || try(fileexists(var.report), false)
    error_message = "report is '${coalesce(var.report, "null")}', which is no file. Give its path from the folder that Terraform runs in, or its absolute path."
  }

  validation {
    condition = var.report == null || try(
      can(regex("^[0-9a-f]{16}-n[0-9]+\\.csv$", basename(var.report)))
      && try(startswith(basename(var.report), substr(filesha256(var.report), 0, 16)), true),
      false
    )
    error_message = "report is '${coalesce(var.report, "null")}', which ingest did not write, or which was changed since: it names a report by its content, such as 0123456789abcdef-n50000.csv. Make it with `python -m ingest normalise REPORT FOLDER`."
  }
}

variable "bucket_prefix" {
  description = "Beginning of the buckets' names; a random suffix makes them unique."
  type        = string
  default     = "vendas-bmw"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,46}[a-z0-9]$", var.bucket_prefix)) && !can(regex("^goog|google", var.bucket_prefix))
    error_message = "bucket_prefix is '${var.bucket_prefix}'; expected 3 to 48 lower-case letters, digits and hyphens, neither beginning nor ending with a hyphen, without 'google' and not beginning with 'goog'."
  }
}

variable "noncurrent_days" {
  description = "Days for which a withdrawn report or an overwritten pointer can be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_days >= 1 && var.noncurrent_days <= 365 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "noncurrent_days is ${var.noncurrent_days}; expected a whole number of days from 1 to 365."
  }
}

variable "staging_days" {
  description = "Days after which a table of vendas_staging goes, unless a run makes it anew; nothing else depends on them."
  type        = number
  default     = 60

  validation {
    condition     = var.staging_days >= 1 && var.staging_days <= 3650 && floor(var.staging_days) == var.staging_days
    error_message = "staging_days is ${var.staging_days}; expected a whole number of days from 1 to 3650."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete buckets, datasets and services; false lets `terraform destroy` delete them with all their data."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of everything that is made."
  type        = map(string)
  default     = { application = "bqml-vendas" }

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels are ${jsonencode(var.labels)}; expected lower-case letters, digits, hyphens and underscores, at most 63, keys beginning with a letter."
  }
}
