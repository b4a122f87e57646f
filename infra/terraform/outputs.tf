output "prefix" {
  description = "What goes before every name."
  value       = module.stack.prefix
}

output "region" {
  description = "Where the stack is."
  value       = module.stack.region
}

output "bucket" {
  description = "Name of the bucket with the lake and the runs."
  value       = module.stack.bucket
}

output "repository_url" {
  description = "Where the image is pushed to."
  value       = module.stack.repository_url
}

output "functions" {
  description = "ARN of every function, by its name with underscores."
  value       = module.stack.functions
}

output "pipeline" {
  description = "ARN of the state machine of the daily pipeline."
  value       = module.stack.pipeline
}

output "backtest" {
  description = "ARN of the state machine of backtests."
  value       = module.stack.backtest
}

output "schedule" {
  description = "Name of the schedule of the daily pipeline."
  value       = module.stack.schedule
}

output "alerts_topic" {
  description = "ARN of the topic of failures and alarms."
  value       = module.stack.alerts_topic
}

output "job_queue" {
  description = "Name of the queue of batch jobs."
  value       = module.stack.job_queue
}

output "job_definition" {
  description = "Name of the definition of batch jobs; without a revision it is the latest."
  value       = module.stack.job_definition
}

output "dashboard" {
  description = "Name of the dashboard."
  value       = module.stack.dashboard
}

output "alarms" {
  description = "Names of the alarms."
  value       = module.stack.alarms
}

output "log_groups" {
  description = "Names of all log groups."
  value       = module.stack.log_groups
}
