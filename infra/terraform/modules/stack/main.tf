# Everything of one stack in one region. The root calls it once; examples/two-regions twice.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  functions = jsondecode(file("${path.module}/../../functions.json"))

  # "process_year" and "process-year" name the same function.
  timeouts = { for name, value in var.lambda_timeout : replace(name, "_", "-") => value }
  memories = { for name, value in var.lambda_memory : replace(name, "_", "-") => value }
  strangers = setsubtract(
    setunion(keys(local.timeouts), keys(local.memories)),
    keys(local.functions),
  )

  # What every module of the stack is told.
  context = {
    prefix     = var.prefix
    account    = local.account
    partition  = local.partition
    region     = local.region
    bucket     = module.storage.bucket
    bucket_arn = module.storage.bucket_arn
    image_uri  = var.image_uri
    image_repository_arn = var.image_uri == null ? null : format(
      "arn:%s:ecr:%s:%s:repository/%s",
      local.partition,
      local.region,
      split(".", var.image_uri)[0],
      regex("^[^/]+/([^:@]+)", var.image_uri)[0],
    )
    light_package      = var.light_package
    runtime            = var.lambda_runtime
    architecture       = var.architecture
    log_retention_days = var.log_retention_days
    function_network   = try(var.vpc.functions, false) ? var.vpc : null
    environment = merge(
      {
        S3_BUCKET_NAME     = module.storage.bucket
        ENVIRONMENT        = var.environment
        LOG_LEVEL          = var.log_level
        STOCKSTREAM_PREFIX = var.prefix
      },
      var.fetch_rate == null ? {} : { STOCKSTREAM__FETCH__RATE = tostring(var.fetch_rate) },
      var.settings,
    )
  }

  by_part = {
    for part in ["pipeline", "backtest"] : part => {
      for name, function in local.functions : name => merge(function, {
        timeout = lookup(local.timeouts, name, function.timeout)
        memory  = lookup(local.memories, name, function.memory)
      }) if function.part == part
    }
  }
}

module "storage" {
  source        = "../storage"
  bucket_name   = coalesce(var.bucket_name, "${var.prefix}stockstream-${local.account}-${local.region}")
  force_destroy = var.force_destroy
  plain_http    = var.plain_http
  prefix        = var.prefix
  account       = local.account
  partition     = local.partition
  region        = local.region
}

module "network" {
  source = "../network"
  count  = var.vpc == null ? 1 : 0
  name   = "${var.prefix}stockstream-backtest"
  region = local.region
}

module "pipeline" {
  source              = "../pipeline"
  context             = local.context
  functions           = local.by_part.pipeline
  alert_emails        = var.alert_emails
  schedule_expression = var.schedule_expression
  schedule_enabled    = var.schedule_enabled
}

module "backtest" {
  source                = "../backtest"
  context               = local.context
  functions             = local.by_part.backtest
  map_state_concurrency = var.map_state_concurrency
  batch_max_vcpus       = var.batch_max_vcpus
  batch_job_size        = var.batch_job_size
  batch_spot            = var.batch_spot
  factors_secret_arn    = var.factors_secret_arn
  subnet_ids            = var.vpc == null ? module.network[0].subnet_ids : var.vpc.subnet_ids
  security_group_ids    = var.vpc == null ? module.network[0].security_group_ids : var.vpc.security_group_ids
  assign_public_ip      = var.vpc == null ? true : var.vpc.assign_public_ip
}

module "observability" {
  source         = "../observability"
  context        = local.context
  functions      = local.by_part.pipeline
  alerts_topic   = module.pipeline.alerts_topic
  machines       = { pipeline = module.pipeline.state_machine, backtest = module.backtest.state_machine }
  monthly_budget = var.monthly_budget
  alert_emails   = var.alert_emails
}

check "names_of_functions" {
  assert {
    condition     = length(local.strangers) == 0
    error_message = "lambda_timeout or lambda_memory names functions that do not exist: ${join(", ", local.strangers)}. There are ${join(", ", keys(local.functions))}."
  }
}
