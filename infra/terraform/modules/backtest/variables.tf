variable "context" {
  description = "What the stack tells every module; see modules/stack."
  type        = any
}

variable "functions" {
  description = "Functions of backtests by name, as functions.json has them."
  type        = any
}

variable "map_state_concurrency" {
  description = "Items of a Map that run at once."
  type        = number
}

variable "batch_max_vcpus" {
  description = "Most processors of AWS Batch at once."
  type        = number
}

variable "batch_job_size" {
  description = "Processors and MB of memory of one job."
  type        = object({ vcpus = number, memory = number })
}

variable "batch_spot" {
  description = "Whether jobs take spare capacity."
  type        = bool
}

variable "factors_secret_arn" {
  description = "ARN of the secret that jobs may read; empty: none."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the jobs."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the jobs."
  type        = list(string)
}

variable "assign_public_ip" {
  description = "Whether jobs get a public address, as they need in a subnet without a NAT gateway."
  type        = bool
}
