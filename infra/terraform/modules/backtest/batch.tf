# Sweeps on AWS Batch: array jobs on Fargate, one child for each item of a plan.

locals {
  job_name = "${var.context.prefix}stockstream-backtest"
  # A job does what the functions of sweeps do, and may touch what they may. It imports factors, too.
  job_access = var.functions["run-chunk"]
  job_writes = concat(local.job_access.writes, ["factors/"])
  # Of the database that they come from.
  secret = var.factors_secret_arn == "" ? [] : [{
    Sid      = "ReadSecret"
    Effect   = "Allow"
    Action   = ["secretsmanager:GetSecretValue"]
    Resource = [var.factors_secret_arn]
  }]
}

module "job_access" {
  source     = "../bucket_access"
  bucket_arn = var.context.bucket_arn
  reads      = local.job_access.reads
  writes     = local.job_writes
}

resource "aws_cloudwatch_log_group" "jobs" {
  #checkov:skip=CKV_AWS_158:Encrypted by keys of CloudWatch at no charge; logs hold parameters and counts.
  #checkov:skip=CKV_AWS_338:How long logs are kept is the user's choice, 30 days unless told otherwise.
  name              = "/aws/batch/${local.job_name}"
  retention_in_days = var.context.log_retention_days
}

resource "aws_iam_role" "batch" {
  name = "${local.job_name}-service-${var.context.region}"
  path = "/stockstream/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "batch.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "batch" {
  role       = aws_iam_role.batch.name
  policy_arn = "arn:${var.context.partition}:iam::aws:policy/service-role/AWSBatchServiceRole"
}

resource "aws_iam_role" "job" {
  for_each = {
    work  = "what the job itself may do"
    start = "what Fargate may do to start it"
  }
  name        = "${local.job_name}-${each.key}-${var.context.region}"
  path        = "/stockstream/"
  description = "Batch jobs: ${each.value}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account } }
    }]
  })
}

resource "aws_iam_role_policy" "work" {
  name = "own-prefixes"
  role = aws_iam_role.job["work"].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(module.job_access.statements, local.secret)
  })
}

resource "aws_iam_role_policy" "start" {
  name = "image-and-log"
  role = aws_iam_role.job["start"].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "LogIn"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"] # it has no resource to name
      },
      {
        Sid      = "Pull"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [coalesce(var.context.image_repository_arn, "arn:${var.context.partition}:ecr:${var.context.region}:${var.context.account}:repository/none")]
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.jobs.arn}:*"]
      },
    ]
  })
}

resource "aws_batch_compute_environment" "fargate" {
  compute_environment_name_prefix = "${local.job_name}-"
  type                            = "MANAGED"
  service_role                    = aws_iam_role.batch.arn
  compute_resources {
    type               = var.batch_spot ? "FARGATE_SPOT" : "FARGATE"
    max_vcpus          = var.batch_max_vcpus
    subnets            = var.subnet_ids
    security_group_ids = var.security_group_ids
  }
  lifecycle {
    create_before_destroy = true # a queue cannot be without one
  }
  depends_on = [aws_iam_role_policy_attachment.batch]
}

resource "aws_batch_job_queue" "backtest" {
  name     = local.job_name
  state    = "ENABLED"
  priority = 1
  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.fargate.arn
  }
}

resource "aws_batch_job_definition" "backtest" {
  name                  = local.job_name
  type                  = "container"
  platform_capabilities = ["FARGATE"]
  propagate_tags        = true

  # An attempt goes on with what is missing, so what was lost is tried again: a reclaimed machine, a
  # bucket that did not answer, too little memory (a chunk that ends three workers is given up). With
  # 2 a job says that it would be of no use, with 3 that trials failed, which whoever asked for that
  # code tries again.
  retry_strategy {
    attempts = 5
    evaluate_on_exit {
      action       = "exit"
      on_exit_code = "2"
    }
    evaluate_on_exit {
      action       = "exit"
      on_exit_code = "3"
    }
    evaluate_on_exit {
      action    = "retry"
      on_reason = "*"
    }
  }

  timeout {
    attempt_duration_seconds = 3600
  }

  container_properties = jsonencode({
    image            = coalesce(var.context.image_uri, "none")
    command          = ["python", "-m", "stockstream.runners.jobs", "item"]
    jobRoleArn       = aws_iam_role.job["work"].arn
    executionRoleArn = aws_iam_role.job["start"].arn
    environment      = [for name, value in var.context.environment : { name = name, value = value }]
    resourceRequirements = [
      { type = "VCPU", value = tostring(var.batch_job_size.vcpus) },
      { type = "MEMORY", value = tostring(var.batch_job_size.memory) },
    ]
    fargatePlatformConfiguration = { platformVersion = "LATEST" }
    runtimePlatform = {
      operatingSystemFamily = "LINUX"
      cpuArchitecture       = var.context.architecture == "arm64" ? "ARM64" : "X86_64"
    }
    networkConfiguration = { assignPublicIp = var.assign_public_ip ? "ENABLED" : "DISABLED" }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.jobs.name
        "awslogs-region"        = var.context.region
        "awslogs-stream-prefix" = "job"
      }
    }
  })

  lifecycle {
    precondition {
      condition     = var.context.image_uri != null
      error_message = "image_uri is not set. `stockstream deploy aws apply` builds and pushes the image; by hand: make the repository first (terraform apply -target=module.stack.module.storage), push, then set image_uri."
    }
  }

  depends_on = [aws_iam_role_policy.work, aws_iam_role_policy.start]
}
