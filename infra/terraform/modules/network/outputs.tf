output "subnet_ids" {
  description = "Subnets of the jobs."
  value       = aws_subnet.jobs[*].id
}

output "security_group_ids" {
  description = "Security group of the jobs."
  value       = [aws_security_group.jobs.id]
}
