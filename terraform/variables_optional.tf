# Parts that are made only when they are asked for.

variable "alert_email" {
  description = "Who is told of a run that failed and of the budget; null makes no alert."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.alert_email))
    error_message = "alert_email is '${coalesce(var.alert_email, "null")}'; expected an email address."
  }
}

variable "budget" {
  description = "Monthly budget of the project: billing account, whole units and currency of that account; null makes none. It tells, it stops nothing."
  type        = object({ billing_account = string, amount = number, currency = string })
  default     = null

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "budget.billing_account is '${try(var.budget.billing_account, "")}'; expected three groups of six hexadecimal digits (`gcloud billing accounts list`)."
  }

  validation {
    condition     = var.budget == null || try(var.budget.amount >= 1 && floor(var.budget.amount) == var.budget.amount, false)
    error_message = "budget.amount is ${try(var.budget.amount, "missing")}; expected a whole number from 1."
  }

  validation {
    condition     = var.budget == null || can(regex("^[A-Z]{3}$", var.budget.currency))
    error_message = "budget.currency is '${try(var.budget.currency, "")}'; expected three letters such as BRL or USD, the billing account's own."
  }
}

variable "workbench" {
  description = "A Vertex AI Workbench instance for the notebook: zone, machine type and the address of the person it is for; null makes none."
  type        = object({ zone = string, machine_type = string, owner = string })
  default     = null

  validation {
    condition     = var.workbench == null || can(regex("^[a-z]+-[a-z]+[0-9]+-[a-z]$", var.workbench.zone))
    error_message = "workbench.zone is '${try(var.workbench.zone, "")}'; expected a zone such as southamerica-east1-a."
  }

  validation {
    condition     = var.workbench == null || can(regex("^[a-z][0-9][a-z]?-[a-z]+-[0-9]+$", var.workbench.machine_type))
    error_message = "workbench.machine_type is '${try(var.workbench.machine_type, "")}'; expected one such as e2-standard-4."
  }

  validation {
    condition     = var.workbench == null || can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.workbench.owner))
    error_message = "workbench.owner is '${try(var.workbench.owner, "")}'; expected an email address."
  }
}

variable "model_registry" {
  description = "Register the BigQuery ML models in Vertex AI, too."
  type        = bool
  default     = false
}

variable "github_repository" {
  description = "OWNER/NAME of the repository whose workflows plan and apply, without keys; null lets none in."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository is '${coalesce(var.github_repository, "null")}'; expected OWNER/NAME."
  }
}
