# A Rails application in one file, as far as the recipe takes it for granted: people in a
# table, a page for who is signed in and one for who is not. What the recipe shows is read
# from the folder RECIPE, where each part lies in the file that it names.
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "omniauth_openid_connect"
require "omniauth/rails_csrf_protection"

ENV["DATABASE_URL"] = "sqlite3:#{ENV.fetch("DATABASE")}"
SWD.url_builder = URI::HTTP # there is no TLS here, which discovery takes for granted

class Shop < Rails::Application
  config.root = ENV.fetch("RECIPE")
  config.load_defaults 6.1
  config.eager_load = false
  config.secret_key_base = "a secret of this site alone, of enough bytes"
  config.logger = ActiveSupport::Logger.new($stdout, level: :info)
  routes.append do
    root to: "pages#root"
    get "/me", to: "pages#me"
    get "/leave", to: "pages#leave"
  end
end

class ApplicationController < ActionController::Base
  BUTTONS = File.readlines(File.join(ENV.fetch("RECIPE"), "buttons.erb"))
end

class PagesController < ApplicationController
  def root = show { render plain: "nobody is signed in" }

  def me = show { render inline: BUTTONS.first }

  def leave = render(inline: BUTTONS.last)

  private

  def show
    user = User.find_by(id: session[:user_id])
    return yield unless user

    render plain: "signed in: #{user.name} <#{user.email}>"
  end
end

Rails.application.initialize!

class User < ActiveRecord::Base; end
ActiveRecord::Schema.define { create_table(:users) { |t| %i[sub name email].each { |column| t.string column } } }

run Rails.application
