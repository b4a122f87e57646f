# Four alarms and the budget. dashboard.tf has the dashboard.

locals {
  name = "${var.context.prefix}stock-data-pipeline"
  # Metrics of our own, which this function writes into its log in the embedded format. Each run of
  # a session says the values of the whole session again, hence the maximum.
  own = {
    namespace  = "StockStream"
    dimensions = { FunctionName = "${var.context.prefix}table-compactor" }
    stat       = "Maximum"
  }

  ids = { for name, function in var.functions : name => replace(name, "-", "_") }
  # The sum over all functions of the pipeline; a function that did not run counts as 0.
  total = { for metric in ["errors", "invocations"] : metric => join(" + ", [for id in values(local.ids) : "FILL(${metric}_${id}, 0)"]) }
}

resource "aws_cloudwatch_metric_alarm" "executions_failed" {
  alarm_name          = "${local.name}-executions-failed"
  alarm_description   = "A run of the daily pipeline failed. Look at the execution; nothing in the lake was deleted, so start it again after repair."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = var.machines.pipeline }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic]
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  alarm_name          = "${local.name}-error-rate"
  alarm_description   = "More than 10 % of the calls of the pipeline's functions failed. The log groups of the functions say why."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic]

  metric_query {
    id          = "rate"
    label       = "Failed calls in percent"
    expression  = "100 * (${local.total.errors}) / (${local.total.invocations})"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = merge([
      for metric in ["Errors", "Invocations"] : {
        for name, id in local.ids : "${lower(metric)}_${id}" => { metric = metric, function = "${var.context.prefix}${name}" }
      }
    ]...)
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value.metric
        dimensions  = { FunctionName = metric_query.value.function }
        stat        = "Sum"
        period      = 300
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  alarm_name          = "${local.name}-duration"
  alarm_description   = "A function of the pipeline took more than 14 of the 15 minutes that it may. Smaller batches (STOCKSTREAM__FETCH__BATCH_SIZE) or a higher fetch_rate give it less to do."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 14 * 60 * 1000
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic]

  metric_query {
    id          = "longest"
    label       = "Longest call in ms"
    expression  = "MAX([${join(", ", [for id in values(local.ids) : "duration_${id}"])}])"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.ids
    content {
      id = "duration_${metric_query.value}"
      metric {
        namespace   = "AWS/Lambda"
        metric_name = "Duration"
        dimensions  = { FunctionName = "${var.context.prefix}${metric_query.key}" }
        stat        = "Maximum"
        period      = 300
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "symbols_fetched" {
  alarm_name          = "${local.name}-symbols-fetched"
  alarm_description   = "Fewer than 90 % of the symbols that were expected to trade were fetched. The summary of the execution names the batches and why they failed."
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 90
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alerts_topic]

  metric_query {
    id          = "share"
    label       = "Symbols fetched in percent"
    expression  = "100 * fetched / expected"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { fetched = "SymbolsFetched", expected = "TotalSymbols" }
    content {
      id = metric_query.key
      metric {
        namespace   = local.own.namespace
        metric_name = metric_query.value
        dimensions  = local.own.dimensions
        stat        = local.own.stat
        period      = 300
      }
    }
  }
}

resource "aws_budgets_budget" "month" {
  count        = var.monthly_budget > 0 ? 1 : 0
  name         = "${var.context.prefix}stockstream-${var.context.region}"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.monthly_budget)
  limit_unit   = "USD"
  cost_filter {
    name   = "TagKeyValue"
    values = ["user:project$stockstream"]
  }
  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.alert_emails
  }
}
