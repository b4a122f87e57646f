variable "name" {
  description = "Name of the network and of what is in it."
  type        = string
}

variable "region" {
  description = "Region of the network."
  type        = string
}
