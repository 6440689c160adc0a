# All that can be chosen beyond what has to be.
location = "southamerica-east1"
managers = ["group:managers@example.com", "serviceAccount:erp@example-project.iam.gserviceaccount.com"]
analysts = ["group:analysts@example.com"]

bucket_prefix       = "example-vendas"
noncurrent_days     = 90
staging_days        = 30
deletion_protection = true
labels              = { application = "bqml-vendas", cost_centre = "4711" }

api_instances    = { min = 1, max = 4 }
api_settings     = { MAX_ROWS = "50000", LOG_REQUESTS = "1" }
pipeline_memory  = "8Gi"
pipeline_minutes = 120
schedule         = "0 6 * * *"
time_zone        = "America/Sao_Paulo"

alert_email       = "ops@example.com"
budget            = { billing_account = "012345-ABCDEF-012345", amount = 500, currency = "BRL" }
workbench         = { zone = "southamerica-east1-a", machine_type = "e2-standard-4", owner = "ana@example.com" }
model_registry    = true
github_repository = "example/vendas"
