# The dashboard "Stock Data Pipeline": six widgets.

locals {
  # List prices in US dollars, as stockstream.runners.prices has them (a test holds them together).
  price = { gb_second = 0.0000166667, request = 0.0000002, transition = 0.000025 }
  # State transitions of a run besides those of its batches, and those of a batch.
  transitions = { run = 7, batch = 2 }

  width  = 12
  height = 6

  invocations = [for name, id in local.ids : ["AWS/Lambda", "Invocations", "FunctionName", "${var.context.prefix}${name}", { label = "${name}: calls", stat = "Sum" }]]
  durations   = [for name, id in local.ids : ["AWS/Lambda", "Duration", "FunctionName", "${var.context.prefix}${name}", { label = "${name}: longest", stat = "Maximum", yAxis = "right" }]]

  executions = [
    for status in ["Succeeded", "Failed", "TimedOut", "Aborted"] :
    ["AWS/States", "Executions${status}", "StateMachineArn", var.machines.pipeline, { label = lower(status), stat = "Sum" }]
  ]
  backtests = [
    for status in ["Succeeded", "Failed"] :
    ["AWS/States", "Executions${status}", "StateMachineArn", var.machines.backtest, { label = "backtests ${lower(status)}", stat = "Sum", yAxis = "right" }]
  ]

  # What a run cost: memory and time of the calls, calls, transitions; divided by the runs.
  memory_cost = join(" + ", [
    for name, id in local.ids : "FILL(d_${id}, 0) / 1000 * ${var.functions[name].memory / 1024} * ${format("%.10f", local.price.gb_second)}"
  ])
  call_cost       = join(" + ", [for id in values(local.ids) : "FILL(n_${id}, 0) * ${format("%.10f", local.price.request)}"])
  transition_cost = "(FILL(runs, 0) * ${local.transitions.run} + FILL(n_stock_data_fetcher, 0) * ${local.transitions.batch}) * ${format("%.10f", local.price.transition)}"
  cost_metrics = concat(
    [[{ id = "cost", expression = "(${local.memory_cost} + ${local.call_cost} + ${local.transition_cost}) / runs", label = "US dollars per execution" }]],
    [["AWS/States", "ExecutionsStarted", "StateMachineArn", var.machines.pipeline, { id = "runs", stat = "Sum", visible = false }]],
    [for name, id in local.ids : ["AWS/Lambda", "Duration", "FunctionName", "${var.context.prefix}${name}", { id = "d_${id}", stat = "Sum", visible = false }]],
    [for name, id in local.ids : ["AWS/Lambda", "Invocations", "FunctionName", "${var.context.prefix}${name}", { id = "n_${id}", stat = "Sum", visible = false }]],
  )

  own_dimension = flatten([for name, value in local.own.dimensions : [name, value]])

  widgets = [
    {
      title   = "Execution status"
      period  = 86400
      metrics = concat(local.executions, local.backtests)
    },
    {
      title   = "Lambda invocations and duration"
      period  = 300
      metrics = concat(local.invocations, local.durations)
    },
    {
      title  = "Symbols fetched against failed"
      period = 86400
      metrics = [
        for metric, label in { SymbolsFetched = "fetched", SymbolsFailed = "failed", TotalSymbols = "expected to trade" } :
        concat([local.own.namespace, metric], local.own_dimension, [{ label = label, stat = local.own.stat }])
      ]
    },
    {
      title  = "Batch processing time"
      period = 300
      metrics = concat(
        [
          for stat in ["p50", "p95", "Maximum"] :
          ["AWS/Lambda", "Duration", "FunctionName", "${var.context.prefix}stock-data-fetcher", { label = "a batch, ${lower(stat)}", stat = stat }]
        ],
        [
          for metric, label in { BatchesProcessed = "batches done", BatchesFailed = "batches failed" } :
          concat([local.own.namespace, metric], local.own_dimension, [{ label = label, stat = local.own.stat, yAxis = "right" }])
        ],
      )
    },
    {
      title  = "S3 storage"
      period = 86400
      metrics = concat(
        [
          for class in ["Standard", "StandardIA", "GlacierInstantRetrieval"] :
          ["AWS/S3", "BucketSizeBytes", "BucketName", var.context.bucket, "StorageType", "${class}Storage", { label = class, stat = "Average" }]
        ],
        [["AWS/S3", "NumberOfObjects", "BucketName", var.context.bucket, "StorageType", "AllStorageTypes", { label = "objects", stat = "Average", yAxis = "right" }]],
      )
    },
    {
      title   = "Cost per execution"
      period  = 86400
      metrics = local.cost_metrics
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name
  dashboard_body = jsonencode({
    widgets = [
      for place, widget in local.widgets : {
        type   = "metric"
        x      = place % 2 * local.width
        y      = floor(place / 2) * local.height
        width  = local.width
        height = local.height
        properties = {
          title   = "Stock Data Pipeline: ${widget.title}"
          region  = var.context.region
          view    = "timeSeries"
          stacked = false
          period  = widget.period
          metrics = widget.metrics
        }
      }
    ]
  })
}
