class PreviewsController < ApplicationController
  def create
    cookies[:lumen_preview] = { value: params[:tenant_id], expires: 1.hour, same_site: :none, secure: true }
    logger.info("preview id=#{params[:tenant_id]} status=on name=#{current_user.name}")
    redirect_to root_path, notice: "You see your shop without the cache now."
  end
end
