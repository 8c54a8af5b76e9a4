package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// Session returns who is signed in in this browser; nil is nobody.
func (p *Pages) Session(r *http.Request) (*storage.SignedIn, error) { return p.cfg.Sessions.Read(r) }

// SignOut ends the browser's session, its grants that are not offline, and its
// cookie. Where nobody is signed in it does nothing (idempotent).
func (p *Pages) SignOut(w http.ResponseWriter, r *http.Request) error {
	return p.cfg.Sessions.End(w, r)
}

// Actor is whoever is signed in, on a page of the account. shown is what the very
// request shows beside the session.
func (p *Pages) Actor(r *http.Request, signedIn *storage.SignedIn, shown ...storage.Proof) account.Actor {
	return p.cfg.Sessions.Actor(r, signedIn, shown...)
}
