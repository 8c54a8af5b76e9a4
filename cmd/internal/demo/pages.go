package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/cmd/internal/inbox"
	"github.com/latchkey-id/latchkey/internal/web"
)

// page is what every page of the demo shows.
type page struct {
	Config
	Title            string
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
func (a *App) home(w http.ResponseWriter, _ *http.Request) error {
	return a.render(w, "home.html", page{Title: "It runs", DiscoveryAddress: a.cfg.Issuer + "/.well-known/openid-configuration"})
}

// show is the application itself: a button to sign in, or what the tokens say.
func (a *App) show(w http.ResponseWriter, r *http.Request) error {
	p := page{Title: "Demo application"}
	if s := a.load(r); s != nil {
		a.mu.Lock()
		if s.token != nil {
			p.SignedIn, p.Refreshed, p.CanRefresh = true, s.refreshed, s.token.RefreshToken != ""
			p.IDToken, p.UserInfo = claims(s.idToken), claims(s.userInfo)
			p.Name, _ = s.userInfo["name"].(string)
		}
		a.mu.Unlock()
	}
	return a.render(w, "demo.html", p)
}

// inbox shows what would have been sent.
func (a *App) inbox(w http.ResponseWriter, r *http.Request) error {
	return a.render(w, "inbox.html", page{Title: "Inbox", Messages: a.cfg.Inbox.To(r.URL.Query().Get("to"))})
}

func (a *App) render(w http.ResponseWriter, name string, p page) error {
	p.Config = a.cfg
	var body bytes.Buffer
	if err := a.pages.ExecuteTemplate(&body, name, p); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	web.Page(w)
	_, _ = body.WriteTo(w) // the browser went away
	return nil
}
