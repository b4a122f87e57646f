# A network for batch jobs in which nothing costs anything by the hour: they reach ECR and the logs
# by an internet gateway, S3 by a gateway endpoint, and nothing reaches them.

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:Subnets keep the zone that they were made in (ignore_changes), whatever zones come.
  state = "available"
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"] # no local zones
  }
}

resource "aws_vpc" "jobs" {
  #checkov:skip=CKV2_AWS_11:Flow logs of jobs that talk to AWS only would cost more than the jobs.
  cidr_block           = "10.40.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# What a VPC brings by itself lets nothing through.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.jobs.id
  tags   = { Name = "${var.name}-closed" }
}

resource "aws_subnet" "jobs" {
  count             = min(2, length(data.aws_availability_zones.available.names))
  vpc_id            = aws_vpc.jobs.id
  availability_zone = data.aws_availability_zones.available.names[count.index]
  cidr_block        = cidrsubnet(aws_vpc.jobs.cidr_block, 4, count.index)
  tags              = { Name = "${var.name}-${count.index}" }
  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_internet_gateway" "jobs" {
  vpc_id = aws_vpc.jobs.id
  tags   = { Name = var.name }
}

resource "aws_route_table" "jobs" {
  vpc_id = aws_vpc.jobs.id
  tags   = { Name = var.name }
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.jobs.id
  }
}

resource "aws_route_table_association" "jobs" {
  count          = length(aws_subnet.jobs)
  subnet_id      = aws_subnet.jobs[count.index].id
  route_table_id = aws_route_table.jobs.id
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.jobs.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.jobs.id]
  tags              = { Name = var.name }
}

resource "aws_security_group" "jobs" {
  #checkov:skip=CKV2_AWS_5:Attached to jobs by the compute environment, in another module.
  name        = var.name
  description = "Batch jobs: out to AWS, nothing in"
  vpc_id      = aws_vpc.jobs.id
  egress {
    description = "AWS by HTTPS"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  tags = { Name = var.name }
}
