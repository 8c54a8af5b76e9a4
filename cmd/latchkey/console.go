package main

import (
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/console"
	"github.com/latchkey-id/latchkey/login"
)

// mountConsole serves the pages for administrators, where the configuration has them, and
// returns their addresses for the metrics.
func mountConsole(mux *http.ServeMux, p *process, f *foundation, accounts *account.Service, pages *login.Pages) ([]string, error) {
	if !f.cfg.Admin.Console {
		return nil, nil
	}
	cfg := f.cfg
	made, err := console.New(console.Config{
		Issuer: cfg.Issuer, Flow: pages, Submissions: newSubmissions(p, f), Flash: newFlash(p, f), UI: f.ui,
		Policy: cfg.Admin.Policy(), ACR: cfg.Admin.ACR, Factors: f.policy(), Accounts: accounts, Stores: adminStores(p),
		Applications: p.store.Grants(), Clients: fileClients{f.registered}, Places: cfg.ClientPlaces,
		Stored: adminClients{p.store.Clients(), f.stored}, Registrar: f.registrar, Locked: p.store.LockedClients(), Access: cfg.Catalog, Errors: f.errors, Log: f.log, Now: f.now,
		ResetLasts: cfg.Account.Links.Reset, Keys: p.ring, Digest: cfg.Digest(), Jobs: jobTimes(p),
	})
	if err != nil {
		return nil, err
	}
	made.Register(mux)
	return made.Paths(), nil
}
