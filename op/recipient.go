package op

import (
	"encoding/base64"
	"encoding/json"
	"errors"
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
		RedirectURI: uri, State: said("state"),
		Mode: responseMode(said("response_type"), said("response_mode"), canPost(c, uri)),
	}, nil
}

// responseMode is how a client is answered. Where its response type has tokens in
// it, errors too go into the fragment (OAuth 2.0 Multiple Response Type Encoding
// Practices 5), although we have no such type to succeed with.
func responseMode(responseType, asked string, canPost bool) oidc.ResponseMode {
	types := strings.Fields(responseType)
	switch {
	case asked == string(oidc.ResponseModeFormPost) && canPost:
		return oidc.ResponseModeFormPost
	case slices.Contains(types, "token"), slices.Contains(types, "id_token"):
		return oidc.ResponseModeFragment
	}
	return oidc.ResponseModeQuery
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

// canPost reports whether form_post may be used: the client is registered for
// it, and there is a server at the redirect URI that a browser can post to.
func canPost(c *client.Client, redirectURI string) bool {
	return slices.Contains(c.ResponseModes, string(oidc.ResponseModeFormPost)) &&
		(strings.HasPrefix(redirectURI, "https://") || strings.HasPrefix(redirectURI, "http://"))
}

func unknownClientPage(id string) error {
	return &web.Error{
		Status: http.StatusBadRequest, Key: "client_unknown",
		Title:  "We don’t know this app",
		Detail: "The app that sent you here isn’t registered with this service. The problem is on its side: please tell the people who run it.",
		Cause:  errors.New("client_id " + loggable(id) + " is not registered"),
	}
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
