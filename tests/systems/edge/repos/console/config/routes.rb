Rails.application.routes.draw do
  get "/health", to: proc { [200, {}, ["ok"]] }
  resources :tenants, only: %i[index show] do
    resources :rules, only: %i[index create update destroy]
  end
  get "/status", to: "pages#status"
  root "pages#home"
end
