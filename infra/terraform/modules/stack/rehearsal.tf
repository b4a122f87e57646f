# What only the rehearsal needs: an emulation speaks HTTP, which the bucket otherwise refuses.

variable "plain_http" {
  description = "Whether the bucket may be reached without encryption, as an emulation of AWS on loopback is."
  type        = bool
  default     = false
}
