# Copy to terraform/terraform.tfvars. `make deploy` adds project, region, report, keys and images.
location = "southamerica-east1"
managers = ["group:managers@example.com"]
analysts = []
