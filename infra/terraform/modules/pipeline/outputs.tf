output "functions" {
  description = "ARN of each function by its name with underscores."
  value       = module.functions.arns
}

output "state_machine" {
  description = "ARN of the state machine."
  value       = aws_sfn_state_machine.this.arn
}

output "schedule" {
  description = "Name of the schedule."
  value       = aws_scheduler_schedule.daily.name
}

output "alerts_topic" {
  description = "ARN of the topic of failures and alarms."
  value       = aws_sns_topic.alerts.arn
}

output "log_groups" {
  description = "Names of the log groups."
  value       = concat(module.functions.log_groups, [aws_cloudwatch_log_group.states.name])
}
