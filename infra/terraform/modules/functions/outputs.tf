output "arns" {
  description = "ARN of each function by its name with underscores, as the state machines call them."
  value       = { for name, function in aws_lambda_function.this : replace(name, "-", "_") => function.arn }
}

output "log_groups" {
  description = "Names of the log groups."
  value       = [for group in aws_cloudwatch_log_group.this : group.name]
}
