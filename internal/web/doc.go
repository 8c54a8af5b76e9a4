// Package web is what the provider's endpoints and the hosted pages both speak
// over HTTP: handlers that return errors and the one place that logs and shows
// them, the request id, the client address by trusted proxies, cookies, and the
// headers that every answer carries.
//
// It knows neither OpenID Connect nor any page.
package web
