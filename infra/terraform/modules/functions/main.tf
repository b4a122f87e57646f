# Functions, each with a role of its own that may do what functions.json says and no more.

locals {
  network = var.context.function_network
}

module "access" {
  source     = "../bucket_access"
  for_each   = var.functions
  bucket_arn = var.context.bucket_arn
  reads      = each.value.reads
  writes     = each.value.writes
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:Encrypted by keys of CloudWatch at no charge; logs hold symbols and counts.
  #checkov:skip=CKV_AWS_338:How long logs are kept is the user's choice, 30 days unless told otherwise.
  for_each          = var.functions
  name              = "/aws/lambda/${var.context.prefix}${each.key}"
  retention_in_days = var.context.log_retention_days
}

resource "aws_iam_role" "this" {
  for_each = var.functions
  # Roles belong to the whole account: the region keeps two stacks apart.
  name = "${var.context.prefix}${each.key}-${var.context.region}"
  path = "/stockstream/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = var.functions
  name     = "own-prefixes"
  role     = aws_iam_role.this[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      module.access[each.key].statements,
      [{
        Sid      = "Log" # not CreateLogGroup: nothing may come back after a destroy
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this[each.key].arn}:*"]
      }],
      [for one in local.network == null ? [] : [local.network] : {
        Sid    = "JoinNetwork"
        Effect = "Allow"
        Action = [
          "ec2:CreateNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:DeleteNetworkInterface",
        ]
        Resource = ["*"] # Lambda asks for these without naming a resource
      }],
    )
  })
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:Traces cost by the piece; the log of the state machine and the metrics say where time went.
  #checkov:skip=CKV_AWS_115:How many run at once is the Map's to say (map_state_concurrency); a reservation would take from others in the account.
  #checkov:skip=CKV_AWS_116:Called by a state machine that waits for the answer: failures are caught there, a queue of dead letters would stay empty.
  #checkov:skip=CKV_AWS_117:A network is optional (variable vpc); prices come from the internet.
  #checkov:skip=CKV_AWS_173:The environment holds names and settings, no secrets; Lambda encrypts it by a key of its own.
  #checkov:skip=CKV_AWS_272:Signed code needs a signing profile of the account; the image is named by its digest.
  for_each      = var.functions
  function_name = "${var.context.prefix}${each.key}"
  role          = aws_iam_role.this[each.key].arn
  architectures = [var.context.architecture]
  memory_size   = each.value.memory
  timeout       = each.value.timeout
  package_type  = title(each.value.package)

  image_uri        = each.value.package == "image" ? var.context.image_uri : null
  filename         = each.value.package == "zip" ? var.context.light_package : null
  source_code_hash = each.value.package == "zip" ? filebase64sha256(var.context.light_package) : null
  runtime          = each.value.package == "zip" ? var.context.runtime : null
  handler          = each.value.package == "zip" ? each.value.handler : null

  dynamic "image_config" {
    for_each = each.value.package == "image" ? [each.value.handler] : []
    content {
      command = [image_config.value]
    }
  }

  dynamic "vpc_config" {
    for_each = local.network == null ? [] : [local.network]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  environment {
    variables = var.context.environment
  }

  lifecycle {
    precondition {
      condition     = each.value.package == "zip" || var.context.image_uri != null
      error_message = "image_uri is not set. `stockstream deploy aws apply` builds and pushes the image; by hand: make the repository first (terraform apply -target=module.stack.module.storage), push, then set image_uri."
    }
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
