class CacheRule < ApplicationRecord
  MAX_RULES_PER_TENANT = 250

  belongs_to :tenant
  validates :path_prefix, presence: true, format: %r{\A/}
  validates :cache_ttl_seconds, numericality: { in: 0..86_400 }
  validate :not_too_many

  def as_edge_json
    { id: id, path_prefix: path_prefix, origin_url: origin_url, cache_ttl_seconds: cache_ttl_seconds }
  end

  private

  def not_too_many
    errors.add(:base, "too many") if tenant.cache_rules.count >= MAX_RULES_PER_TENANT
  end
end
