require "lumen_edge_client"

# The private side of the edge. Everything here raises Edge::Refused when the edge says no.
class Edge
  class Refused < StandardError; end

  SENTENCES = {
    "too_many_rules" => "There are more rules than the edge takes.",
    "origin_not_https" => "An origin has to be https.",
    "admin_token_invalid" => "The console and the edge do not share a token.",
  }.freeze

  def initialize
    url = ENV.fetch("LUMEN_EDGE_ADMIN_URL", "http://localhost:7901")
    @connection = LumenEdge::Connection.new(url, ENV.fetch("LUMEN_ADMIN_TOKEN"))
  end

  def push(tenant)
    request = Net::HTTP::Put.new("/_lumen/v1/tenants/#{tenant.slug}/rules", "Content-Type" => "application/json")
    request.body = tenant.cache_rules.map(&:as_edge_json).to_json
    answer = @connection.send(request)
    return if answer.is_a?(Net::HTTPNoContent)

    code = JSON.parse(answer.body)["error"]
    raise Refused, SENTENCES.fetch(code, code)
  end

  def hit_ratio(tenant)
    answer = @connection.send(Net::HTTP::Get.new("/_lumen/v1/tenants/#{tenant.slug}/stats"))
    JSON.parse(answer.body).values_at("hit_ratio", "bytes_out")
  end

  def certificate(host, pem)
    request = Net::HTTP::Put.new("/_lumen/v1/certificates/#{host}")
    request.body = pem
    @connection.send(request)
  end
end
