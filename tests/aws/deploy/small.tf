terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "prefix" { type = string }
variable "aws_region" { type = string }
variable "endpoint" { type = string }
variable "light_package" { type = string }
variable "image_uri" { type = string }
variable "mark" {
  type    = string
  default = ""
}

provider "aws" {
  region                      = var.aws_region
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  max_retries                 = 2
  endpoints {
    cloudwatchlogs = var.endpoint
    iam            = var.endpoint
    s3             = var.endpoint
    sfn            = var.endpoint
    sns            = var.endpoint
    sts            = var.endpoint
  }
}

resource "aws_s3_bucket" "lake" {
  bucket = "${var.prefix}stockstream-lake"
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_sns_topic" "alerts" {
  name = "${var.prefix}alerts"
}

resource "aws_cloudwatch_log_group" "states" {
  name = "/${var.prefix}states"
}

resource "aws_sfn_state_machine" "waits" {
  name     = "${var.prefix}waits"
  role_arn = "arn:aws:iam::123456789012:role/any"
  definition = jsonencode({
    StartAt = "Wait"
    States  = { Wait = { Type = "Wait", Seconds = 100000000, End = true } }
  })
}

output "bucket" {
  value = aws_s3_bucket.lake.id
}

output "mark" {
  value = var.mark
}
