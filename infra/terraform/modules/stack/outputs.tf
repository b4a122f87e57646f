output "prefix" {
  description = "What goes before every name."
  value       = var.prefix
}

output "region" {
  description = "Where the stack is."
  value       = local.region
}

output "bucket" {
  description = "Name of the bucket with the lake and the runs."
  value       = module.storage.bucket
}

output "repository_url" {
  description = "Where the image is pushed to."
  value       = module.storage.repository_url
}

output "functions" {
  description = "ARN of every function, by its name with underscores."
  value       = merge(module.pipeline.functions, module.backtest.functions)
}

output "pipeline" {
  description = "ARN of the state machine of the daily pipeline."
  value       = module.pipeline.state_machine
}

output "backtest" {
  description = "ARN of the state machine of backtests."
  value       = module.backtest.state_machine
}

output "schedule" {
  description = "Name of the schedule of the daily pipeline."
  value       = module.pipeline.schedule
}

output "alerts_topic" {
  description = "ARN of the topic of failures and alarms."
  value       = module.pipeline.alerts_topic
}

output "job_queue" {
  description = "Name of the queue of batch jobs."
  value       = module.backtest.job_queue
}

output "job_definition" {
  description = "Name of the definition of batch jobs; without a revision it is the latest."
  value       = module.backtest.job_definition
}

output "dashboard" {
  description = "Name of the dashboard."
  value       = module.observability.dashboard
}

output "alarms" {
  description = "Names of the alarms."
  value       = module.observability.alarms
}

output "log_groups" {
  description = "Names of all log groups."
  value       = concat(module.pipeline.log_groups, module.backtest.log_groups)
}
