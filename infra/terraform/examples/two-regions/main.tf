# The same stack in two regions of one account, each with its own bucket, schedule and alarms.
# Run from this folder: terraform init, then apply with an image for each region.

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "images" {
  description = "Image of each region: functions run images of their own region only."
  type        = object({ sydney = string, virginia = string })
}

variable "light_package" {
  description = "Path of the zip with the light functions."
  type        = string
}

provider "aws" {
  alias  = "sydney"
  region = "ap-southeast-2"
  default_tags {
    tags = { project = "stockstream", stack = "stockstream" }
  }
}

provider "aws" {
  alias  = "virginia"
  region = "us-east-1"
  default_tags {
    tags = { project = "stockstream", stack = "stockstream" }
  }
}

module "sydney" {
  source        = "../../modules/stack"
  providers     = { aws = aws.sydney }
  image_uri     = var.images.sydney
  light_package = var.light_package
}

module "virginia" {
  source           = "../../modules/stack"
  providers        = { aws = aws.virginia }
  image_uri        = var.images.virginia
  light_package    = var.light_package
  schedule_enabled = false # one pipeline a day is enough; this region runs backtests on US symbols
  settings         = { STOCKSTREAM__SYMBOLS__MARKET = "US" }
}

output "buckets" {
  description = "The bucket of each region."
  value       = { sydney = module.sydney.bucket, virginia = module.virginia.bucket }
}
