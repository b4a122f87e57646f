variable "prefix" {
  description = "Goes before every name in the account, such as `dev-`, so that several stacks can live in one account and region."
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^([a-z]([a-z0-9-]{0,14}[a-z0-9])?-)?$", var.prefix))
    error_message = "prefix is empty, or at most 17 of a-z, 0-9 and -, begins with a letter and ends with one \"-\", such as \"dev-\"."
  }
}

variable "environment" {
  description = "What the stack is for; functions see it as ENVIRONMENT, and every resource has it as a tag."
  type        = string
  default     = "production"
}

variable "tags" {
  description = "Further tags of every resource."
  type        = map(string)
  default     = {}
}

variable "bucket_name" {
  description = "Name of the bucket that holds the lake and the runs; null: `<prefix>stockstream-<account>-<region>`."
  type        = string
  default     = null
}

variable "force_destroy" {
  description = "Whether `terraform destroy` deletes a bucket that still holds data. `stockstream deploy aws destroy` asks first and empties it itself."
  type        = bool
  default     = false
}

variable "image_uri" {
  description = "Container image of the heavy functions and of batch jobs, in a repository of the same region: `<account>.dkr.ecr.<region>.amazonaws.com/<prefix>stockstream:<tag>`. `stockstream deploy aws apply` builds, pushes and sets it; null only while the repository itself is made."
  type        = string
  default     = null
  validation {
    condition     = var.image_uri == null || can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.[^/]+/[^:@]+[:@].+$", var.image_uri))
    error_message = "image_uri is not an image in ECR with a tag or digest; functions can run no other: <account>.dkr.ecr.<region>.<suffix>/<repository>:<tag>."
  }
}

variable "light_package" {
  description = "Path of the zip with the light functions; `python scripts/make_lambda_zip.py` makes it."
  type        = string
  validation {
    condition     = fileexists(var.light_package)
    error_message = "There is no file at light_package. Make it with: python scripts/make_lambda_zip.py"
  }
}

variable "architecture" {
  description = "Processor that image and zip are for, x86_64 or arm64. Results of a sweep are compared by digest: take that of the machine you compare with."
  type        = string
  default     = "x86_64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is x86_64 or arm64."
  }
}

variable "lambda_runtime" {
  description = "Runtime of the light functions; the others bring theirs in the image."
  type        = string
  default     = "python3.12"
  validation {
    condition     = can(regex("^python3\\.1[1-9]$", var.lambda_runtime))
    error_message = "lambda_runtime is python3.11 or later."
  }
}

variable "lambda_timeout" {
  description = "Seconds that a function may take, by its name with underscores, such as `{ process_year = 600 }`; what is not named keeps the value of functions.json (splitters 30, process 300, consolidate 60)."
  type        = map(number)
  default     = {}
  validation {
    condition     = alltrue([for seconds in values(var.lambda_timeout) : seconds >= 1 && seconds <= 900])
    error_message = "lambda_timeout is 1 to 900 seconds: Lambda allows no more."
  }
}

variable "lambda_memory" {
  description = "Megabytes of a function, by its name with underscores; what is not named keeps the value of functions.json."
  type        = map(number)
  default     = {}
  validation {
    condition     = alltrue([for size in values(var.lambda_memory) : size >= 128 && size <= 10240])
    error_message = "lambda_memory is 128 to 10240 MB."
  }
}

variable "map_state_concurrency" {
  description = "Years, tickers or items of a sweep that run at once. Step Functions runs at most 40 years or tickers at once; a sweep may use more, as far as the account allows functions at once (1000 unless raised)."
  type        = number
  default     = 30
  validation {
    condition     = var.map_state_concurrency == floor(var.map_state_concurrency) && var.map_state_concurrency >= 1 && var.map_state_concurrency <= 1000
    error_message = "map_state_concurrency is a whole number from 1 to 1000, so many functions as an account may run at once."
  }
}

variable "log_level" {
  description = "Least severe record that functions and jobs log: DEBUG, INFO, WARNING or ERROR."
  type        = string
  default     = "INFO"
  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level is DEBUG, INFO, WARNING or ERROR."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of the numbers that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 and whole years up to 3653."
  }
}

variable "fetch_rate" {
  description = "Most requests a second to the provider of prices, of all batches together; null: what the provider bears."
  type        = number
  default     = null
  validation {
    condition     = var.fetch_rate == null ? true : var.fetch_rate > 0
    error_message = "fetch_rate is above 0; null takes what the provider bears."
  }
}

variable "settings" {
  description = "Further settings of functions and jobs as environment variables, such as `{ STOCKSTREAM__FETCH__PROVIDER = \"eodhd\" }`. No secrets: whoever may look at a function sees them."
  type        = map(string)
  default     = {}
  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "STOCKSTREAM_")])
    error_message = "Names in settings begin with STOCKSTREAM_, such as STOCKSTREAM__FETCH__PROVIDER; docs/reference/settings.md lists them."
  }
}

variable "schedule_expression" {
  description = "When the daily pipeline runs, in the time of Sydney; by default on weekdays after the close, when bars are final."
  type        = string
  default     = "cron(30 18 ? * MON-FRI *)"
  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.schedule_expression))
    error_message = "schedule_expression is cron(minutes hours day-of-month month day-of-week year) or rate(n unit), such as cron(0 6 ? * TUE-SAT *)."
  }
}

variable "schedule_enabled" {
  description = "Whether the daily pipeline runs by itself."
  type        = bool
  default     = true
}

variable "alert_emails" {
  description = "Who hears of failures and alarms; each address gets a mail in which it must confirm."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "alert_emails holds something that is not an address such as me@example.com."
  }
}

variable "monthly_budget" {
  description = "US dollars a month of everything tagged project=stockstream, of which alert_emails hear at 80 %; 0: no budget. Activate `project` as a cost allocation tag in the billing console, or the budget sees nothing."
  type        = number
  default     = 0
  validation {
    condition     = var.monthly_budget == 0 || (var.monthly_budget > 0 && length(var.alert_emails) > 0)
    error_message = "monthly_budget is 0, or above 0 with at least one address in alert_emails to hear of it."
  }
}

variable "batch_max_vcpus" {
  description = "Most processors of AWS Batch at once; each job takes those of batch_job_size."
  type        = number
  default     = 64
  validation {
    condition     = var.batch_max_vcpus == floor(var.batch_max_vcpus) && var.batch_max_vcpus >= 1
    error_message = "batch_max_vcpus is a whole number of at least 1."
  }
}

variable "batch_job_size" {
  description = "Processors and MB of memory of one batch job, which works on one chunk at a time."
  type        = object({ vcpus = number, memory = number })
  default     = { vcpus = 1, memory = 4096 }
  validation {
    condition = (
      contains([1, 2, 4], var.batch_job_size.vcpus)
      && var.batch_job_size.memory % 1024 == 0
      && var.batch_job_size.memory >= 2048 * var.batch_job_size.vcpus
      && var.batch_job_size.memory <= min(8192 * var.batch_job_size.vcpus, 30720)
    )
    error_message = "batch_job_size is a pair that Fargate knows: 1 processor with 2048 to 8192 MB, 2 with 4096 to 16384, 4 with 8192 to 30720, in steps of 1024."
  }
}

variable "batch_spot" {
  description = "Whether batch jobs take spare capacity, at about a third of the price; a job whose machine is reclaimed is run again."
  type        = bool
  default     = true
}

variable "factors_secret_arn" {
  description = "ARN of the secret of AWS Secrets Manager from which batch jobs take the login of the database that factors come from, as RDS writes it; empty: jobs may read no secret. Jobs must reach the database, see vpc. A secret under a key of your own needs kms:Decrypt for the role of jobs in the policy of that key."
  type        = string
  default     = ""
  validation {
    condition     = var.factors_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*?]+$", var.factors_secret_arn))
    error_message = "factors_secret_arn is empty or the whole ARN of one secret, without wildcards: arn:aws:secretsmanager:<region>:<account>:secret:<name>-<6 signs>."
  }
}

variable "vpc" {
  description = "Network of batch jobs; null: a small one of the stack's own, public subnets without a NAT gateway, which costs nothing while no job runs. In a network of yours the jobs must reach ECR, S3 and CloudWatch Logs; `functions = true` puts the functions there as well (the fetcher then needs a way to the internet)."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
    assign_public_ip   = optional(bool, false)
    functions          = optional(bool, false)
  })
  default = null
  validation {
    condition     = var.vpc == null ? true : length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0
    error_message = "vpc names at least one subnet and one security group."
  }
}
