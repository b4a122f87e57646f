output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.lake.bucket
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.lake.arn
}

output "repository_url" {
  description = "Where the image is pushed to."
  value       = aws_ecr_repository.images.repository_url
}
