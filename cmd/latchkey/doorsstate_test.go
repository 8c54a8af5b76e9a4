package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// why is the reason that is given at each door.
const why = "ticket-twelve"

// outcome is what a change came to: the rows, the events and the messages.
type outcome struct {
	Is       map[string]any
	Events   []string
	Messages []string
}

// mark is where the record and the outbox are.
type mark struct{ events, messages map[storage.ID]bool }

func (d *doors) mark() mark {
	d.t.Helper()
	m := mark{map[storage.ID]bool{}, map[storage.ID]bool{}}
	for _, e := range d.events() {
		m.events[e.ID] = true
	}
	for _, s := range d.outgoing() {
		m.messages[s.ID] = true
	}
	return m
}

func (d *doors) events() []storage.Event {
	d.t.Helper()
	events, err := d.store.Events().List(d.t.Context(), storage.EventFilter{Limit: 100000})
	must(d.t, err)
	return events
}

func (d *doors) outgoing() []storage.Delivery {
	d.t.Helper()
	sent, err := d.store.Outbox().List(d.t.Context(), "", "", 100000)
	must(d.t, err)
	return sent
}

// state is what a row was tried on is like now.
func (d *doors) state(x *doorSubject) map[string]any {
	d.t.Helper()
	ctx := d.t.Context()
	u, err := d.store.Users().ByID(ctx, x.ID)
	must(d.t, err)
	sessions, err := d.store.Sessions().ListByUser(ctx, x.ID, d.now())
	must(d.t, err)
	sessions = slices.DeleteFunc(sessions, func(s storage.AccountSession) bool { return s.SID == x.own })
	locks, err := d.store.Lockouts().ListByUser(ctx, x.ID)
	must(d.t, err)
	devices, err := d.store.TrustedDevices().ListByUser(ctx, x.ID, d.now())
	must(d.t, err)
	apps, err := d.store.Grants().ApplicationsOf(ctx, x.ID, d.now())
	must(d.t, err)
	return map[string]any{
		"disabled": u.Disabled(), "locked": u.Locked(), "goes": !u.DeleteAt.IsZero(), "roles": strings.Join(u.Roles, " "), "verified": u.EmailVerified && !x.EmailVerified,
		"groups": strings.ReplaceAll(strings.Join(u.Groups, " "), string(x.ID), ""), "nickname": u.Profile.Nickname, "moved": u.Email != x.Email,
		"sessions": len(sessions), "locks": len(locks), "devices": len(devices), "applications": len(apps), "epoch": u.PasswordEpoch - x.PasswordEpoch,
		"group": d.groupState(x.words["{group}"]), "new group": d.groupState(x.words["{new}"]), "client": d.clientState(x.words["{client}"]),
		"new client": d.clientState(x.words["{new}"]), "new person": d.isThere(x.words["{new}"]), "invited": d.invitedState(x), "delivery": d.deliveryState(x.words["{delivery}"]),
		"feed": d.feedState(x.words["{feed}"]), "keys": d.keyState(),
	}
}

func (d *doors) groupState(name string) string {
	d.t.Helper()
	g, err := d.store.Groups().ByName(d.t.Context(), name)
	if errors.Is(err, storage.ErrNotFound) {
		return "none"
	}
	must(d.t, err)
	return "there: " + g.Description + " " + strings.Join(g.Roles, " ")
}

// clientState is how many secrets a client of the database has, what it is called, and
// whether it is served.
func (d *doors) clientState(id string) []any {
	d.t.Helper()
	locked, err := d.store.LockedClients().List(d.t.Context())
	must(d.t, err)
	shut := slices.ContainsFunc(locked, func(l storage.LockedClient) bool { return l.ClientID == id })
	row, err := d.store.Clients().ByID(d.t.Context(), id)
	if errors.Is(err, storage.ErrNotFound) {
		return []any{"none", shut}
	}
	must(d.t, err)
	return []any{strings.Contains(string(row.Metadata), "Wiki"), strings.Contains(string(row.Metadata), "Atlas"), len(row.Secrets), shut}
}

func (d *doors) isThere(name string) bool {
	d.t.Helper()
	_, err := d.store.Users().ByIdentifier(d.t.Context(), name+"@example.com")
	if errors.Is(err, storage.ErrNotFound) {
		return false
	}
	must(d.t, err)
	return true
}

func (d *doors) invitedState(x *doorSubject) (is string) {
	d.t.Helper()
	all, err := d.store.Invitations().List(d.t.Context(), "", 100000)
	must(d.t, err)
	for _, inv := range all {
		if string(inv.ID) == x.words["{invitation}"] || inv.Email == x.words["{new}"]+"@example.com" {
			is += "one "
		}
	}
	return is
}

func (d *doors) deliveryState(id string) storage.DeliveryStatus {
	d.t.Helper()
	for _, s := range d.outgoing() {
		if string(s.ID) == id {
			return s.Status
		}
	}
	return ""
}

func (d *doors) feedState(name string) int64 {
	d.t.Helper()
	feeds, err := d.store.Feeds().List(d.t.Context())
	must(d.t, err)
	for _, f := range feeds {
		if f.Name == name {
			return f.Seq
		}
	}
	return -1
}

// keyState is how many keys of each algorithm verify, and how many wait to sign.
func (d *doors) keyState() map[string][2]int {
	d.t.Helper()
	keys, err := d.store.SigningKeys().List(d.t.Context())
	must(d.t, err)
	state := map[string][2]int{}
	for _, k := range keys {
		n := state[k.Alg]
		n[0]++
		if k.SignsFrom.After(d.now().Add(time.Hour)) {
			n[1]++
		}
		state[k.Alg] = n
	}
	return state
}

// since is what a row was tried on is like now, and what was written since a mark; that
// somebody looked at a page on the way is left out.
func (d *doors) since(m mark, x *doorSubject) (o outcome, events []storage.Event) {
	d.t.Helper()
	o.Is = d.state(x)
	for _, e := range d.events() {
		if !m.events[e.ID] && e.Type != storage.EventAdminRead {
			o.Events, events = append(o.Events, string(e.Type)), append(events, e)
		}
	}
	for _, s := range d.outgoing() {
		if !m.messages[s.ID] {
			o.Messages = append(o.Messages, string(s.Kind))
		}
	}
	slices.Sort(o.Events)
	slices.Sort(o.Messages)
	return o, events
}
