package op

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// recipient finds out who may be told anything about a request: its client, at
// a redirect URI of that client. Until both are established nothing is sent
// anywhere, and the person gets a page that says whose mistake it is.
func recipient(ctx context.Context, params parameters, faulty []string, clients clients) (*client.Client, delivery, error) {
	c, err := clients.Client(ctx, params["client_id"])
	switch {
	case errors.Is(err, client.ErrUnknown):
		return nil, delivery{}, unknownClientPage(params["client_id"])
	case err != nil:
		return nil, delivery{}, unavailablePage(err)
	}
	uri := params["redirect_uri"]
	if !c.MatchesRedirect(uri) {
		return nil, delivery{}, badRedirectPage(c, uri)
	}
	to := delivery{RedirectURI: uri, Mode: oidc.ResponseModeQuery, State: params["state"]}
	if params["response_mode"] == string(oidc.ResponseModeFormPost) && canPost(c, uri) {
		to.Mode = oidc.ResponseModeFormPost
	}
	return c, to, nil
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
