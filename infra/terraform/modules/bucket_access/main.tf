# Statements that allow one role its prefixes of the bucket and nothing else.

variable "bucket_arn" {
  description = "ARN of the bucket."
  type        = string
}

variable "reads" {
  description = "Prefixes that may be read: folders end with a slash, others are single keys."
  type        = list(string)
}

variable "writes" {
  description = "Prefixes that may be written."
  type        = list(string)
}

locals {
  paths = { for prefix in toset(concat(var.reads, var.writes)) : prefix => endswith(prefix, "/") ? "${prefix}*" : prefix }
  # The raw zone is written once and never changed: no role may delete there.
  removes = [for prefix in var.writes : prefix if !contains(["raw-data/", "symbols/"], prefix)]

  statements = [
    {
      sid       = "Read"
      actions   = ["s3:GetObject"]
      resources = [for prefix in var.reads : "${var.bucket_arn}/${local.paths[prefix]}"]
    },
    {
      sid       = "Write"
      actions   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      resources = [for prefix in var.writes : "${var.bucket_arn}/${local.paths[prefix]}"]
    },
    {
      sid       = "Remove"
      actions   = ["s3:DeleteObject"]
      resources = [for prefix in local.removes : "${var.bucket_arn}/${local.paths[prefix]}"]
    },
  ]

  # Asking for one key that is not there is answered "not found" only to those who may list; such a
  # request has no prefix, hence IfExists.
  listing = [for paths in [values(local.paths)] : {
    Sid       = "List"
    Effect    = "Allow"
    Action    = ["s3:ListBucket"]
    Resource  = [var.bucket_arn]
    Condition = { StringLikeIfExists = { "s3:prefix" = paths } }
  } if length(paths) > 0]
}

output "statements" {
  description = "Statements of a policy, for jsonencode."
  value = concat(
    [
      for one in local.statements : {
        Sid      = one.sid
        Effect   = "Allow"
        Action   = one.actions
        Resource = one.resources
      } if length(one.resources) > 0
    ],
    local.listing,
  )
}
