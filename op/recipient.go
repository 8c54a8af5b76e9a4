package op

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// recipient finds out where the answer to a client's request may go: a redirect
// URI that is registered for it. Until that is established nothing is sent
// anywhere, and the person gets a page that says whose mistake it is.
func recipient(form url.Values, c *client.Client) (delivery, error) {
	said := form.Get
	if object := form.Get("request"); object != "" {
		said = withRequestObject(form, object)
	}
	uri := said("redirect_uri")
	if !c.MatchesRedirect(uri) {
		return delivery{}, badRedirectPage(c, uri)
	}
	return delivery{
		RedirectURI: uri, State: said("state"), ClientID: c.ID, Alg: cmp.Or(c.AuthorizationAlg, client.DefaultIDTokenAlg),
		Mode: responseMode(said("response_type"), said("response_mode"), c, uri),
	}, nil
}

// responseMode is how a client is answered, with errors too. Where its response type has
// tokens in it, it is never a query, which ends in logs (OAuth 2.0 Multiple Response
// Type Encoding Practices 3 and 5). What is asked for and cannot be is answered in the
// default mode.
func responseMode(responseType, asked string, c *client.Client, uri string) oidc.ResponseMode {
	standard := client.ResponseModeQuery
	if client.InResponseType(responseType, "token") || client.InResponseType(responseType, "id_token") {
		standard = client.ResponseModeFragment
	}
	plain, signed := strings.CutSuffix(asked, signedSuffix)
	switch {
	case !slices.Contains(c.ResponseModes, asked):
		return oidc.ResponseMode(standard)
	case asked == client.ResponseModeJWT:
		return oidc.ResponseMode(standard + signedSuffix)
	case plain == client.ResponseModeQuery && standard != client.ResponseModeQuery, plain == client.ResponseModeFormPost && !hasServer(uri):
		return oidc.ResponseMode(standard)
	case signed:
		return oidc.ResponseMode(plain + signedSuffix)
	}
	return oidc.ResponseMode(plain)
}

// withRequestObject reads a parameter of the form or, where it is not there, of
// the request object (OpenID Connect Core 6.1). We support none, and nothing
// in it is relied on: it only says where to answer that, for clients that put the
// response mode, state and redirect URI nowhere else.
func withRequestObject(form url.Values, object string) func(name string) string {
	var claims map[string]any
	if parts := strings.Split(object, "."); len(parts) == 3 {
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && json.Unmarshal(payload, &claims) != nil {
			claims = nil
		}
	}
	return func(name string) string {
		if form.Has(name) {
			return form.Get(name)
		}
		if said, _ := claims[name].(string); len(said) <= maxParameterBytes && isText(said) {
			return said
		}
		return ""
	}
}

// hasServer reports whether there is a server at the redirect URI that a browser can
// post to.
func hasServer(redirectURI string) bool {
	return strings.HasPrefix(redirectURI, "https://") || strings.HasPrefix(redirectURI, "http://")
}

// unknownClientPage says that there is no such client. Why one is none that would be known
// by its document is in the log.
func unknownClientPage(id string, why error) error {
	return &web.Error{
		Status: http.StatusBadRequest, Key: "client_unknown",
		Title:  "We don’t know this app",
		Detail: "The app that sent you here isn’t registered with this service. The problem is on its side: please tell the people who run it.",
		Cause:  fmt.Errorf("client_id %s is not registered: %w", loggable(id), why),
	}
}

// lookupPage says that it cannot be told now whether there is a client.
func lookupPage(err error) error {
	if limited := (*client.LimitedError)(nil); errors.As(err, &limited) {
		return &web.Error{
			Status: http.StatusTooManyRequests, Key: "too_many_pending", RetryAfter: limited.Wait,
			Title:  "Too many sign-ins at once",
			Detail: "Too many sign-ins were started from your network. Please try again later.",
			Cause:  err,
		}
	}
	return web.Unavailable(err)
}

func badRedirectPage(c *client.Client, uri string) error {
	return &web.Error{
		Status: http.StatusBadRequest, Key: "redirect_unregistered",
		Title:  "The app’s return address isn’t registered",
		Detail: "The app that sent you here wants to send you back to an address that isn’t registered for it. The problem is on its side: please tell the people who run it.",
		Cause: errors.New("client " + c.ID + " sent redirect_uri " + loggable(uri) +
			", registered are " + strings.Join(c.RedirectURIs, " ")),
	}
}

// loggable quotes what a request brought along and cuts it to what a log line bears.
func loggable(s string) string {
	const enough = 512
	if len(s) > enough {
		return strconv.Quote(s[:enough]) + "…"
	}
	return strconv.Quote(s)
}
