variable "aws_region" {
  description = "Region of the stack."
  type        = string
  default     = "ap-southeast-2"
}

variable "endpoint" {
  description = "URL of an emulation of AWS that stands in for the account (`stockstream aws local up` starts one); empty: the real one, with the keys that the environment or the profile gives."
  type        = string
  default     = ""
}

locals {
  rehearsal = var.endpoint != ""
}

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = merge(
      {
        project     = "stockstream"
        stack       = "${var.prefix}stockstream"
        environment = var.environment
      },
      var.tags,
    )
  }

  access_key                  = local.rehearsal ? "test" : null
  secret_key                  = local.rehearsal ? "test" : null
  s3_use_path_style           = local.rehearsal
  skip_credentials_validation = local.rehearsal
  skip_metadata_api_check     = local.rehearsal
  max_retries                 = local.rehearsal ? 2 : null # what an emulation lacks fails in seconds, not minutes

  dynamic "endpoints" {
    for_each = local.rehearsal ? [var.endpoint] : []
    content {
      batch          = endpoints.value
      budgets        = endpoints.value
      cloudwatch     = endpoints.value
      cloudwatchlogs = endpoints.value
      ec2            = endpoints.value
      ecr            = endpoints.value
      iam            = endpoints.value
      lambda         = endpoints.value
      s3             = endpoints.value
      scheduler      = endpoints.value
      sfn            = endpoints.value
      sns            = endpoints.value
      sts            = endpoints.value
    }
  }
}
