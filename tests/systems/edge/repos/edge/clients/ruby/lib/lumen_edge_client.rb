require "net/http"

module LumenEdge
  # Only what every caller needs: where to, and with which token.
  class Connection
    def initialize(url, token)
      @url = URI(url)
      @token = token
    end

    def send(request)
      request["X-Lumen-Admin-Token"] = @token
      Net::HTTP.start(@url.host, @url.port) { |http| http.request(request) }
    end
  end
end
