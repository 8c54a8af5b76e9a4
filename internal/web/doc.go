// Package web is the HTTP layer that the provider's endpoints and the hosted pages
// share: handlers that return errors and the one place that logs and shows them, the
// request ID, the client address behind trusted proxies, cookies, and the headers that
// every response carries.
//
// It knows neither OpenID Connect nor any page.
package web
