# The daily pipeline: its functions, its state machine, its schedule and the topic of failures.

locals {
  name = "${var.context.prefix}stock-data-pipeline"
}

module "functions" {
  source    = "../functions"
  context   = var.context
  functions = var.functions
}

resource "aws_sns_topic" "alerts" {
  #checkov:skip=CKV_AWS_26:Alarms cannot publish to a topic that the key of SNS encrypts, and a key of one's own costs a dollar a month; messages hold counts and names of symbols.
  name = "${var.context.prefix}stock-stream-alerts"
}

resource "aws_sns_topic_subscription" "emails" {
  for_each  = toset(var.alert_emails)
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_log_group" "states" {
  #checkov:skip=CKV_AWS_158:Encrypted by keys of CloudWatch at no charge; logs hold symbols and counts.
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
  name = "own-functions"
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
        Sid      = "Notify"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = [aws_sns_topic.alerts.arn]
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
  definition = templatefile(
    "${path.module}/stock-data-pipeline.asl.json",
    merge(module.functions.arns, { alerts_topic = aws_sns_topic.alerts.arn }),
  )
  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.states.arn}:*"
    include_execution_data = true
    level                  = "ERROR"
  }
  depends_on = [aws_iam_role_policy.states]
}

resource "aws_iam_role" "schedule" {
  name = "${local.name}-schedule-${var.context.region}"
  path = "/stockstream/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account } }
    }]
  })
}

resource "aws_iam_role_policy" "schedule" {
  name = "start-the-pipeline"
  role = aws_iam_role.schedule.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Start"
      Effect   = "Allow"
      Action   = ["states:StartExecution"]
      Resource = [aws_sfn_state_machine.this.arn]
    }]
  })
}

resource "aws_scheduler_schedule" "daily" {
  #checkov:skip=CKV_AWS_297:What it holds is the ARN of a state machine; the key of Scheduler encrypts it at no charge.
  name                         = "${local.name}-daily"
  description                  = "Starts the daily pipeline"
  state                        = var.schedule_enabled ? "ENABLED" : "DISABLED"
  schedule_expression          = var.schedule_expression
  schedule_expression_timezone = "Australia/Sydney"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:${var.context.partition}:scheduler:::aws-sdk:sfn:startExecution"
    role_arn = aws_iam_role.schedule.arn
    # Scheduler fills the name in; it looks for plain angle brackets, which jsonencode escapes.
    input = replace(replace(
      jsonencode({
        StateMachineArn = aws_sfn_state_machine.this.arn
        Name            = "daily-<aws.scheduler.execution-id>"
        Input           = "{}"
      }),
    "\\u003c", "<"), "\\u003e", ">")
    retry_policy {
      maximum_retry_attempts       = 5
      maximum_event_age_in_seconds = 3600
    }
  }
}
