RSpec.describe CacheRule do
  it "wants a path" do
    expect(CacheRule.new(path_prefix: "x")).not_to be_valid
  end
end
