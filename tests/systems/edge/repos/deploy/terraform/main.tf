terraform {
  required_version = ">= 1.7"
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

resource "aws_security_group" "edge" {
  name = "edge"
  ingress {
    from_port   = 7443
    to_port     = 7443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_elasticache_cluster" "redis" {
  cluster_id = "lumen"
  engine     = "redis"
  node_type  = "cache.t4g.small"
  port       = 6379
}

output "status" {
  value = aws_elasticache_cluster.redis.cluster_id
}
