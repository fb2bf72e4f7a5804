ActiveRecord::Schema[7.1].define(version: 2025_03_11_091500) do
  create_table "cache_rules", force: :cascade do |t|
    t.bigint "tenant_id", null: false
    t.string "path_prefix", null: false
    t.string "origin_url", null: false
    t.integer "cache_ttl_seconds", default: 60
  end

  create_table "tenants", force: :cascade do |t|
    t.string "name"
    t.string "slug"
    t.string "status"
  end
end
