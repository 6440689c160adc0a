# Who may do what, and the keys that models are signed with.

variable "managers" {
  description = "Who sees the page, asks the API and drops reports into the inbox, such as `group:managers@example.com`."
  type        = set(string)

  validation {
    condition     = length(var.managers) > 0 && alltrue([for member in var.managers : can(regex("^(group|user|serviceAccount):[^@ ]+@[^@ ]+\\.[^@ ]+$|^domain:[^@ ]+\\.[^@ ]+$", member))])
    error_message = "managers are ${jsonencode(var.managers)}; expected at least one of group:ADDRESS, user:ADDRESS, serviceAccount:ADDRESS or domain:DOMAIN. Nobody is let in without an identity."
  }
}

variable "analysts" {
  description = "Who queries marts and evaluations in BigQuery, such as `group:analysts@example.com`; may be empty."
  type        = set(string)

  validation {
    condition     = alltrue([for member in var.analysts : can(regex("^(group|user|serviceAccount):[^@ ]+@[^@ ]+\\.[^@ ]+$|^domain:[^@ ]+\\.[^@ ]+$", member))])
    error_message = "analysts are ${jsonencode(var.analysts)}; expected group:ADDRESS, user:ADDRESS, serviceAccount:ADDRESS or domain:DOMAIN, or nobody: []."
  }
}

variable "public_keys" {
  description = "Public keys that models may be signed with, PEM, the newest first: the content of MODEL_PUBLIC_KEY_FILE."
  type        = string

  validation {
    condition     = can(regex("-----BEGIN PUBLIC KEY-----[\\s\\S]+-----END PUBLIC KEY-----", var.public_keys)) && !strcontains(var.public_keys, "PRIVATE")
    error_message = "public_keys hold no public key in PEM, or a private one. `make deploy` makes a pair in .cloud/PROJECT; give the content of public.pem."
  }
}

variable "signing_key" {
  description = "Private key that the pipeline signs models with, PEM; needed when signing_key_version changes. It goes to Secret Manager and not into the state, but a plan that is saved to a file holds it."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.signing_key == null || can(regex("^-----BEGIN [P]RIVATE KEY-----[\\s\\S]+-----END [P]RIVATE KEY-----\\s*$", var.signing_key))
    error_message = "signing_key is no private key in PEM. Give the content of MODEL_SIGNING_KEY_FILE."
  }
}

variable "signing_key_version" {
  description = "Raise it by one to write `signing_key` again, as after `python -m export rotate-key`."
  type        = number
  default     = 1

  validation {
    condition     = var.signing_key_version >= 1 && floor(var.signing_key_version) == var.signing_key_version
    error_message = "signing_key_version is ${var.signing_key_version}; expected a whole number from 1."
  }
}
