package main

import (
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/console"
	"github.com/latchkey-id/latchkey/config"
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
		ResetLasts: cfg.Account.Links.Reset, Keys: p.ring, Chain: p.store.Events(), Digest: cfg.Digest(), Pending: p.pending(), Jobs: jobTimes(p),
	})
	if err != nil {
		return nil, err
	}
	made.Register(mux)
	return made.Paths(), nil
}

// pending tells what the files of the configuration say that does not serve; nil where
// there are none to read again.
func (p *process) pending() func() ([]console.Pending, error) {
	if p.reread == nil {
		return nil
	}
	return func() ([]console.Pending, error) {
		read, err := p.reread()
		if err != nil {
			return nil, err
		}
		var all []console.Pending
		for _, c := range config.Changes(p.cfg(), read) {
			all = append(all, console.Pending{Change: c.String(), Restart: needsRestart(c.Key)})
		}
		return all, nil
	}
}
