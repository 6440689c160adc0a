# For the notebook: it asks BigQuery and Cloud Storage in the name of its owner.
resource "google_workbench_instance" "notebook" {
  #checkov:skip=CKV2_GCP_27:Google's own keys encrypt it; a key of one's own is one more thing to lose
  count = var.workbench == null ? 0 : 1

  name            = "vendas-notebook"
  location        = var.workbench.zone
  instance_owners = [var.workbench.owner]
  # The owner's own rights, not a service account's: analysts see what analysts may see.
  enable_managed_euc         = true
  enable_deletion_protection = var.deletion_protection

  gce_setup {
    machine_type      = var.workbench.machine_type
    disable_public_ip = true

    shielded_instance_config {
      enable_secure_boot          = true
      enable_vtpm                 = true
      enable_integrity_monitoring = true
    }

    metadata = { idle-timeout-seconds = "3600" }
  }

  depends_on = [google_project_service.main]
}
