# What runs, how large and when.

variable "api_image" {
  description = "Image of the API, with tag or digest."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]*\\.[a-z0-9.-]+(/[a-z0-9][a-z0-9._-]*)+(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})$", var.api_image))
    error_message = "api_image is '${var.api_image}'; expected HOST/PATH with :TAG or @sha256:DIGEST, such as southamerica-east1-docker.pkg.dev/PROJECT/vendas/api:COMMIT (`make deploy` builds it)."
  }
}

variable "pipeline_image" {
  description = "Image of the pipeline's job, with tag or digest."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]*\\.[a-z0-9.-]+(/[a-z0-9][a-z0-9._-]*)+(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})$", var.pipeline_image))
    error_message = "pipeline_image is '${var.pipeline_image}'; expected HOST/PATH with :TAG or @sha256:DIGEST, such as southamerica-east1-docker.pkg.dev/PROJECT/vendas/pipeline:COMMIT (`make deploy` builds it)."
  }
}

variable "api_instances" {
  description = "Least and most instances of the API; with min = 0 the first answer after a pause takes some seconds."
  type        = object({ min = number, max = number })
  default     = { min = 0, max = 2 }

  validation {
    condition     = var.api_instances.min >= 0 && var.api_instances.max >= 1 && var.api_instances.max <= 100 && var.api_instances.min <= var.api_instances.max
    error_message = "api_instances are ${jsonencode(var.api_instances)}; expected 0 <= min <= max and 1 <= max <= 100."
  }
}

variable "api_settings" {
  description = "Environment of the API beyond what is set here, such as { MAX_ROWS = \"50000\" }; api/README.md has them all."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.api_settings), local.api_settings)) == 0
    error_message = "api_settings are for ${join(", ", local.api_settings)}; ${join(", ", setsubtract(keys(var.api_settings), local.api_settings))} is none of them."
  }
}

variable "pipeline_memory" {
  description = "Memory of the pipeline's job; files that it writes count, too."
  type        = string
  default     = "4Gi"

  validation {
    condition     = can(regex("^([2-9]|1[0-9]|2[0-9]|3[0-2])Gi$", var.pipeline_memory))
    error_message = "pipeline_memory is '${var.pipeline_memory}'; expected 2Gi to 32Gi."
  }
}

variable "pipeline_minutes" {
  description = "Minutes after which a run is stopped."
  type        = number
  default     = 60

  validation {
    condition     = var.pipeline_minutes >= 5 && var.pipeline_minutes <= 1440 && floor(var.pipeline_minutes) == var.pipeline_minutes
    error_message = "pipeline_minutes is ${var.pipeline_minutes}; expected a whole number of minutes from 5 to 1440."
  }
}

variable "schedule" {
  description = "When the pipeline runs even if no report came (unix-cron): what the API answered is compared with training then, and what a killed run left is finished."
  type        = string
  default     = "0 6 * * 1-5"

  validation {
    condition     = can(regex("^[0-9*/,-]+( [0-9A-Za-z*/,-]+){4}$", var.schedule))
    error_message = "schedule is '${var.schedule}'; expected five fields of cron, such as '0 6 * * 1-5' for six o'clock from Monday to Friday."
  }
}

variable "time_zone" {
  description = "Time zone of the schedule, a name of the tz database."
  type        = string
  default     = "America/Sao_Paulo"

  validation {
    condition     = can(regex("^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_-]+)+)$", var.time_zone))
    error_message = "time_zone is '${var.time_zone}'; expected a name of the tz database, such as America/Sao_Paulo."
  }
}
