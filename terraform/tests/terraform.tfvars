# What every test starts from.
project_id     = "vendas-test"
location       = "southamerica-east1"
region         = "southamerica-east1"
report         = "tests/reports/26eca72a3efa6b9c-n2.csv"
managers       = ["group:managers@example.com"]
analysts       = ["group:analysts@example.com"]
public_keys    = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
api_image      = "southamerica-east1-docker.pkg.dev/vendas-test/vendas/api:0123abc"
pipeline_image = "southamerica-east1-docker.pkg.dev/vendas-test/vendas/pipeline:0123abc"
