package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// Bounds of looking at where clients are.
const (
	mostClients   = 500 // of the database
	mostHosts     = 50
	reachableWait = 2 * time.Second
	mostFaults    = 3 // that are named
)

// doctorRedirects looks at the addresses that people are sent back to: those that no
// request matches, http beyond the person's own machine and wildcards, and those of hosts
// that are not there.
func doctorRedirects(ctx context.Context, store *sqlstore.Store, d *dependencies) error {
	clients, err := d.clients()
	if err != nil {
		return err
	}
	if requireMigrated(ctx, store) == nil {
		rows, err := store.Clients().List(ctx, "", mostClients)
		if err != nil {
			return err
		}
		for i := range rows {
			c, err := d.stored(store).Read(&rows[i])
			if err != nil {
				return err
			}
			clients = append(clients, *c)
		}
	}
	var faults []string
	byHost := map[string][]string{} // the clients of each host and port
	for i := range clients {
		for _, uri := range clients[i].RedirectURIs {
			if fault := judgeRedirect(&clients[i], uri); fault != "" {
				faults = append(faults, fmt.Sprintf("%s: %s %s", clients[i].ID, uri, fault))
			} else if host := serverOf(uri); host != "" {
				byHost[host] = append(byHost[host], clients[i].ID)
			}
		}
	}
	for _, u := range d.unreachable(ctx, byHost) {
		faults = append(faults, fmt.Sprintf("%s: %s", strings.Join(slices.Compact(byHost[u.host]), ", "), u.why))
	}
	if len(faults) == 0 {
		return nil
	}
	slices.Sort(faults)
	more := ""
	if n := len(faults) - mostFaults; n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	return ails("correct redirect_uris of the client; what only browsers reach, and not this machine, needs nothing", "%s%s", strings.Join(faults[:min(len(faults), mostFaults)], "; "), more)
}

// judgeRedirect says why nobody is ever sent to a registered address; empty is nothing.
func judgeRedirect(c *client.Client, uri string) string {
	u, err := url.Parse(uri)
	switch {
	case strings.Contains(uri, "*"):
		return "has a wildcard, which matches nothing: write each address out"
	case err == nil && u.Scheme == "http" && !client.IsLoopback(u.Hostname()):
		return "is not https, so that anyone who listens can take the code: nobody is sent there"
	case !c.MatchesRedirect(uri):
		return "is not an address that people are sent to"
	}
	return ""
}

// serverOf is the host and port that an address beyond the person's machine is served at.
func serverOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" || client.IsLoopback(u.Hostname()) {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// unreachableHost is one that nothing answers at.
type unreachableHost struct{ host, why string }

// unreachable tries the hosts at the same time.
func (p *dependencies) unreachable(ctx context.Context, hosts map[string][]string) (found []unreachableHost) {
	ctx, cancel := context.WithTimeout(ctx, reachableWait)
	defer cancel()
	var mu sync.Mutex
	var trying sync.WaitGroup
	tried := 0
	for host := range hosts {
		if tried++; tried > mostHosts {
			break
		}
		trying.Go(func() {
			conn, err := (&net.Dialer{Resolver: p.resolver}).DialContext(ctx, "tcp", host)
			if err == nil {
				_ = conn.Close() // nothing was sent
				return
			}
			why := host + " cannot be reached from here"
			if lookup := (*net.DNSError)(nil); errors.As(err, &lookup) && lookup.IsNotFound {
				why = host + " is not in DNS"
			}
			mu.Lock()
			defer mu.Unlock()
			found = append(found, unreachableHost{host, why})
		})
	}
	trying.Wait()
	return found
}
