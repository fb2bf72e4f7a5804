Gem::Specification.new do |spec|
  spec.name = "lumen-edge-client"
  spec.version = "0.31.0"
  spec.summary = "Talks to the private side of lumen-edge"
  spec.authors = ["Lumen"]
  spec.files = Dir["lib/**/*.rb"]
end
