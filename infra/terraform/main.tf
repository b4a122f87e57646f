# One stack in one region. examples/two-regions has two of them.

module "stack" {
  source = "./modules/stack"

  prefix                = var.prefix
  environment           = var.environment
  tags                  = var.tags
  bucket_name           = var.bucket_name
  force_destroy         = var.force_destroy
  image_uri             = var.image_uri
  light_package         = var.light_package
  architecture          = var.architecture
  lambda_runtime        = var.lambda_runtime
  lambda_timeout        = var.lambda_timeout
  lambda_memory         = var.lambda_memory
  map_state_concurrency = var.map_state_concurrency
  log_level             = var.log_level
  log_retention_days    = var.log_retention_days
  fetch_rate            = var.fetch_rate
  settings              = var.settings
  schedule_expression   = var.schedule_expression
  schedule_enabled      = var.schedule_enabled
  alert_emails          = var.alert_emails
  monthly_budget        = var.monthly_budget
  batch_max_vcpus       = var.batch_max_vcpus
  batch_job_size        = var.batch_job_size
  batch_spot            = var.batch_spot
  factors_secret_arn    = var.factors_secret_arn
  vpc                   = var.vpc

  plain_http = local.rehearsal
}
