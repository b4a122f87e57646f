# The whole stack against a provider that makes everything up: no account, no network.
# Run in infra/terraform: terraform init, terraform test.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-southeast-2" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"] }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::lake" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-southeast-2:123456789012:log-group:mock" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/stockstream/mock" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:ap-southeast-2:123456789012:function:mock" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:ap-southeast-2:123456789012:stateMachine:mock" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-southeast-2:123456789012:mock" }
  }
  mock_resource "aws_batch_compute_environment" {
    defaults = { arn = "arn:aws:batch:ap-southeast-2:123456789012:compute-environment/mock" }
  }
}

variables {
  light_package = "functions.json" # any file will do here
  image_uri     = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/stockstream:0123456789ab"
}

run "another_stack" {
  command = plan

  variables {
    prefix                = "dev-"
    environment           = "development"
    schedule_enabled      = false
    schedule_expression   = "cron(0 6 ? * TUE-SAT *)"
    alert_emails          = ["me@example.com"]
    monthly_budget        = 50
    map_state_concurrency = 7
    lambda_timeout        = { process_year = 600, "consolidate-results" = 120 }
    lambda_memory         = { table_compactor = 4096 }
    fetch_rate            = 2.5
    settings              = { STOCKSTREAM__FETCH__PROVIDER = "eodhd" }
    log_retention_days    = 7
    batch_spot            = false
    batch_max_vcpus       = 8
    architecture          = "arm64"
    vpc = {
      subnet_ids         = ["subnet-1"]
      security_group_ids = ["sg-1"]
      functions          = true
    }
  }

  assert {
    condition     = module.stack.job_queue == "dev-stockstream-backtest" && module.stack.dashboard == "dev-stock-data-pipeline"
    error_message = "The prefix goes before every name."
  }
}

run "defaults" {
  command = apply

  assert {
    condition     = module.stack.bucket == "stockstream-123456789012-ap-southeast-2"
    error_message = "The bucket is named by account and region."
  }
  assert {
    condition     = length(module.stack.functions) == length(jsondecode(file("functions.json")))
    error_message = "Every function of functions.json is deployed."
  }
  assert {
    condition     = length(module.stack.alarms) == 4
    error_message = "There are four alarms."
  }
}

run "a_secret" {
  command = apply

  variables {
    factors_secret_arn = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:factors-AbCdEf"
  }
}

run "refuses_what_cannot_work" {
  command = plan

  variables {
    prefix                = "Dev"
    image_uri             = "stockstream:latest"
    light_package         = "nowhere.zip"
    architecture          = "sparc"
    lambda_runtime        = "python2.7"
    lambda_timeout        = { process_year = 1000 }
    lambda_memory         = { process_year = 64 }
    map_state_concurrency = 0
    log_level             = "LOUD"
    log_retention_days    = 31
    fetch_rate            = 0
    settings              = { EODHD_TOKEN = "x" }
    schedule_expression   = "daily"
    alert_emails          = ["me"]
    batch_max_vcpus       = 0
    batch_job_size        = { vcpus = 1, memory = 1024 }
    factors_secret_arn    = "arn:aws:secretsmanager:*:123456789012:secret:*"
    vpc                   = { subnet_ids = [], security_group_ids = [] }
  }

  expect_failures = [
    var.prefix,
    var.image_uri,
    var.light_package,
    var.architecture,
    var.lambda_runtime,
    var.lambda_timeout,
    var.lambda_memory,
    var.map_state_concurrency,
    var.log_level,
    var.log_retention_days,
    var.fetch_rate,
    var.settings,
    var.schedule_expression,
    var.alert_emails,
    var.batch_max_vcpus,
    var.batch_job_size,
    var.factors_secret_arn,
    var.vpc,
  ]
}

run "refuses_a_budget_that_nobody_hears_of" {
  command = plan

  variables {
    monthly_budget = 10
  }

  expect_failures = [var.monthly_budget]
}
