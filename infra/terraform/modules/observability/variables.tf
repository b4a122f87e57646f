variable "context" {
  description = "What the stack tells every module; see modules/stack."
  type        = any
}

variable "functions" {
  description = "Functions of the daily pipeline by name, as functions.json has them."
  type        = any
}

variable "alerts_topic" {
  description = "ARN of the topic that alarms publish to."
  type        = string
}

variable "machines" {
  description = "ARNs of the state machines."
  type        = object({ pipeline = string, backtest = string })
}

variable "monthly_budget" {
  description = "US dollars a month; 0: no budget."
  type        = number
}

variable "alert_emails" {
  description = "Who hears of the budget."
  type        = list(string)
}
