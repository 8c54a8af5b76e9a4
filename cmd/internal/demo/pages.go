package demo

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/cmd/internal/inbox"
	"github.com/latchkey-id/latchkey/ui"
)

// page is what every page of the demo shows.
type page struct {
	ui.Page
	Config
	Heading          string
	SignedIn         bool
	Name             string
	Refreshed        int
	IDToken          []claim
	UserInfo         []claim
	CanRefresh       bool
	Messages         []inbox.Message
	DiscoveryAddress string
}

// claim is a row of a table.
type claim struct{ Name, Value string }

func claims(of map[string]any) []claim {
	rows := make([]claim, 0, len(of))
	for _, name := range slices.Sorted(maps.Keys(of)) {
		value, ok := of[name].(string)
		if !ok {
			if b, err := json.Marshal(of[name]); err == nil {
				value = string(b)
			}
		}
		rows = append(rows, claim{name, value})
	}
	return rows
}

// home says where to click.
func (a *App) home(w http.ResponseWriter, r *http.Request) error {
	return a.render(w, r, "home.html", page{Heading: "It runs", DiscoveryAddress: a.cfg.Issuer + "/.well-known/openid-configuration"})
}

// show is the application itself: a button to sign in, or what the tokens say.
func (a *App) show(w http.ResponseWriter, r *http.Request) error {
	p := page{Heading: "Demo application"}
	if s := a.load(r); s != nil {
		a.mu.Lock()
		if s.token != nil {
			p.SignedIn, p.Refreshed, p.CanRefresh = true, s.refreshed, s.token.RefreshToken != ""
			p.IDToken, p.UserInfo = claims(s.idToken), claims(s.userInfo)
			p.Name = called(s.userInfo)
		}
		a.mu.Unlock()
	}
	return a.render(w, r, "demo.html", p)
}

// inbox shows what would have been sent.
func (a *App) inbox(w http.ResponseWriter, r *http.Request) error {
	return a.render(w, r, "inbox.html", page{Heading: "Inbox", Messages: a.cfg.Inbox.To(r.Context(), r.URL.Query().Get("to"))})
}

// render writes a page. The demo speaks English, as its developers do.
func (a *App) render(w http.ResponseWriter, r *http.Request, name string, p page) error {
	p.Config, p.Page = a.cfg, a.cfg.UI.Begin(w, r, ui.Options{Title: p.Heading, Locales: []string{"en"}})
	return a.cfg.UI.Execute(w, http.StatusOK, a.pages[name], p)
}

// called is what to call somebody by: their name, or else their address.
func called(userInfo map[string]any) string {
	for _, claim := range []string{"name", "preferred_username", "email"} {
		if text, ok := userInfo[claim].(string); ok && text != "" {
			return text
		}
	}
	return "you"
}
