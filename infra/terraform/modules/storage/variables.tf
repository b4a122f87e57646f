variable "bucket_name" {
  description = "Name of the bucket."
  type        = string
}

variable "force_destroy" {
  description = "Whether a bucket that holds data may be destroyed."
  type        = bool
}

variable "plain_http" {
  description = "Whether the bucket may be reached without encryption."
  type        = bool
}

variable "prefix" {
  description = "Goes before every name."
  type        = string
}

variable "account" {
  description = "Number of the account."
  type        = string
}

variable "partition" {
  description = "Of the account: aws, aws-cn or aws-us-gov."
  type        = string
}

variable "region" {
  description = "Region of the stack."
  type        = string
}
