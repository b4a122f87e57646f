variable "context" {
  description = "What the stack tells every module; see modules/stack."
  type        = any
}

variable "functions" {
  description = "Functions of the pipeline by name, as functions.json has them."
  type        = any
}

variable "alert_emails" {
  description = "Who hears of failures and alarms."
  type        = list(string)
}

variable "schedule_expression" {
  description = "When it runs, in the time of Sydney."
  type        = string
}

variable "schedule_enabled" {
  description = "Whether it runs by itself."
  type        = bool
}
