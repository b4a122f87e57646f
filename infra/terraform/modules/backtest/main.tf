# Backtests on Step Functions: the functions and the state machine. batch.tf has AWS Batch.

locals {
  name          = "${var.context.prefix}backtest-workflow"
  here          = "${var.context.partition}:states:${var.context.region}:${var.context.account}"
  state_machine = "arn:${local.here}:stateMachine:${local.name}"
}

module "functions" {
  source    = "../functions"
  context   = var.context
  functions = var.functions
}

resource "aws_cloudwatch_log_group" "states" {
  #checkov:skip=CKV_AWS_158:Encrypted by keys of CloudWatch at no charge; logs hold parameters and counts.
  #checkov:skip=CKV_AWS_338:How long logs are kept is the user's choice, 30 days unless told otherwise.
  name              = "/aws/vendedlogs/states/${local.name}"
  retention_in_days = var.context.log_retention_days
}

resource "aws_iam_role" "states" {
  name = "${local.name}-${var.context.region}"
  path = "/stockstream/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account } }
    }]
  })
}

resource "aws_iam_role_policy" "states" {
  name = "own-functions-and-runs"
  role = aws_iam_role.states.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Call"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = values(module.functions.arns)
      },
      {
        Sid      = "ReadPlans"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${var.context.bucket_arn}/runs/*"]
      },
      {
        Sid      = "WriteResultsOfMaps"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        Resource = ["${var.context.bucket_arn}/runs/*"]
      },
      {
        Sid       = "FindPlans"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = [var.context.bucket_arn]
        Condition = { StringLikeIfExists = { "s3:prefix" = ["runs/*"] } }
      },
      {
        Sid      = "StartItemsOfMaps" # a Distributed Map runs each item as an execution
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = [local.state_machine]
      },
      {
        Sid      = "FollowItemsOfMaps"
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"]
        Resource = ["arn:${local.here}:execution:${local.name}/*:*", "arn:${local.here}:execution:${local.name}:*"]
      },
      {
        Sid    = "Log"
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery",
          "logs:DeleteLogDelivery",
          "logs:DescribeLogGroups",
          "logs:DescribeResourcePolicies",
          "logs:GetLogDelivery",
          "logs:ListLogDeliveries",
          "logs:PutResourcePolicy",
          "logs:UpdateLogDelivery",
        ]
        Resource = ["*"] # Step Functions asks for these without naming a group
      },
    ]
  })
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_284:Traces cost by the piece; the history of each execution says where time went.
  name     = local.name
  role_arn = aws_iam_role.states.arn
  definition = replace(
    templatefile(
      "${path.module}/backtest-workflow.asl.json",
      merge(module.functions.arns, { bucket = var.context.bucket }),
    ),
    "\"@map_state_concurrency@\"", tostring(var.map_state_concurrency),
  )
  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.states.arn}:*"
    include_execution_data = true
    level                  = "ERROR"
  }
  depends_on = [aws_iam_role_policy.states]
}
