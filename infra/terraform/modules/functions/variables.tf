variable "context" {
  description = "What the stack tells every module; see modules/stack."
  type        = any
}

variable "functions" {
  description = "Functions by name, as functions.json has them."
  type = map(object({
    handler = string
    memory  = number
    timeout = number
    package = string
    reads   = list(string)
    writes  = list(string)
  }))
}
