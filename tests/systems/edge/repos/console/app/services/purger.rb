# Tells every edge at once.
class Purger
  def self.call(tenant, keys)
    message = { tenant: tenant.slug, surrogate_keys: keys }.to_json
    redis.publish("lumen:purge", message)
  end

  def self.rules_changed(tenant)
    redis.publish("lumen:rules-changed", tenant.slug)
  end

  def self.redis
    @redis ||= Redis.new(url: ENV.fetch("LUMEN_REDIS_URL"))
  end
end
