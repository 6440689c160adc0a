variable "project_id" {
  description = "Google Cloud project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is '${var.project_id}'; expected a project's ID (not its name or number): 6 to 30 lower-case letters, digits and hyphens, beginning with a letter. `gcloud projects list` shows yours."
  }
}

variable "location" {
  description = "Where bucket and datasets live; cannot be changed later."
  type        = string

  validation {
    condition     = can(regex("^(US|EU|[a-z]+-[a-z]+[0-9]+)$", var.location))
    error_message = "location is '${var.location}'; expected US, EU or a region such as southamerica-east1, which both BigQuery and Cloud Storage have."
  }
}

variable "report" {
  description = "First report, as `python -m ingest normalise` wrote it (path from where Terraform runs, or absolute). A later one is added to it, none is taken away."
  type        = string

  validation {
    condition     = fileexists(var.report)
    error_message = "report is '${var.report}', which is no file. Give its path from the folder that Terraform runs in, or its absolute path."
  }

  validation {
    condition = (
      can(regex("^[0-9a-f]{16}-n[0-9]+\\.csv$", basename(var.report)))
      && try(startswith(basename(var.report), substr(filesha256(var.report), 0, 16)), true)
    )
    error_message = "report is '${var.report}', which ingest did not write, or which was changed since: it names a report by its content, such as 0123456789abcdef-n50000.csv. Make it with `python -m ingest normalise REPORT FOLDER`."
  }
}

variable "bucket_prefix" {
  description = "Beginning of the bucket's name; a random suffix makes it unique."
  type        = string
  default     = "vendas-bmw"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,52}[a-z0-9]$", var.bucket_prefix)) && !can(regex("^goog|google", var.bucket_prefix))
    error_message = "bucket_prefix is '${var.bucket_prefix}'; expected 3 to 54 lower-case letters, digits and hyphens, neither beginning nor ending with a hyphen, without 'google' and not beginning with 'goog'."
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

variable "deletion_protection" {
  description = "Refuse to delete bucket and datasets; false lets `terraform destroy` delete them with all their data."
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
