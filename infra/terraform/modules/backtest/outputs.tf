output "functions" {
  description = "ARN of each function by its name with underscores."
  value       = module.functions.arns
}

output "state_machine" {
  description = "ARN of the state machine."
  value       = aws_sfn_state_machine.this.arn
}

output "job_queue" {
  description = "Name of the queue of jobs."
  value       = aws_batch_job_queue.backtest.name
}

output "job_definition" {
  description = "Name of the definition of jobs."
  value       = aws_batch_job_definition.backtest.name
}

output "log_groups" {
  description = "Names of the log groups."
  value = concat(
    module.functions.log_groups,
    [aws_cloudwatch_log_group.states.name, aws_cloudwatch_log_group.jobs.name],
  )
}
