locals {
  accounts = {
    pipeline = "Takes reports in, builds tables and models, publishes models."
    api      = "Shows sales, reads published models and writes down what it predicted."
    trigger  = "Starts the pipeline when a report lands in the inbox, and on schedule."
    build    = "Builds the two images."
  }
}

resource "google_service_account" "main" {
  for_each = local.accounts

  account_id   = "vendas-${each.key}"
  display_name = "Vendas ${each.key}"
  description  = each.value

  depends_on = [google_project_service.main]
}
