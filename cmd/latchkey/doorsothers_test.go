package main

import (
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// groupRows are about groups.
var groupRows = []doorRow{
	{
		operation: "groups.create", body: `{"name":"{new}","description":"Those"}`, act: "/admin/groups/new", form: []string{"name={new}", "description=Those"},
		command: "group create {new} --description Those", events: []storage.EventType{storage.EventGroupCreated},
	},
	{
		operation: "groups.edit", body: `{"description":"Those"}`, act: "/admin/groups/{group}/edit", form: []string{"description=Those"},
		command: "group edit {group} --description Those", events: []storage.EventType{storage.EventGroupChanged},
	},
	{
		operation: "groups.edit", variant: "roles", body: `{"roles":["staff"]}`, act: "/admin/groups/{group}/edit", form: []string{"roles=staff"},
		command: "group set-roles {group} staff", events: []storage.EventType{storage.EventGroupChanged},
	},
	{
		operation: "groups.delete", act: "/admin/groups/{group}/delete", command: "group delete {group} --yes",
		events: []storage.EventType{storage.EventGroupDeleted},
	},
}

const appDoor = "/admin/applications/{client}/"

// aClient makes a client of the database.
func (d *doors) aClient(x *doorSubject) error {
	d.t.Helper()
	x.words["{client}"] = "app-" + string(x.ID)
	status, text := d.send("POST", "/admin/api/v1/clients", d.robot(admin.ScopeClientsWrite),
		`{"client_id":"`+x.words["{client}"]+`","metadata":{"client_name":"Wiki","redirect_uris":["https://wiki.example/cb"]}}`)
	if status != 201 {
		d.t.Fatalf("no client: %d %s", status, text)
	}
	return nil
}

// clientRows are about applications.
var clientRows = []doorRow{
	{
		operation: "clients.create", body: `{"client_id":"{new}","metadata":{"client_name":"Wiki","redirect_uris":["https://wiki.example/cb"]}}`,
		act: "/admin/applications/new", form: []string{"client_id={new}", "client_name=Wiki", "redirect_uris=https://wiki.example/cb"},
		events: []storage.EventType{storage.EventClientRegistered},
	},
	{
		operation: "clients.replace", body: `{"metadata":{"client_name":"Atlas","redirect_uris":["https://wiki.example/cb"]}}`,
		act: appDoor + "edit", form: []string{"client_name=Atlas"}, prepare: (*doors).aClient, events: []storage.EventType{storage.EventClientChanged},
	},
	{
		operation: "clients.add_secret", body: `{"keep_others_for":86400}`, act: appDoor + "add-secret", form: []string{"keep_others=24"},
		command: "client rotate-secret {client} --keep-old 24h", prepare: (*doors).aClient, events: []storage.EventType{storage.EventClientChanged},
	},
	{
		operation: "clients.add_secret", variant: "beside the others", body: `{}`, act: appDoor + "add-secret",
		command: "client add-secret {client}", prepare: (*doors).aClient, events: []storage.EventType{storage.EventClientChanged},
	},
	{
		operation: "clients.delete", act: appDoor + "delete", command: "client delete {client} --yes", prepare: (*doors).aClient,
		events: []storage.EventType{storage.EventClientDeleted},
	},
	{
		operation: "clients.lock_down", body: `{"reason":"{why}"}`, act: appDoor + "lockdown", command: "lockdown --client {client} --reason {why} --yes",
		prepare: (*doors).aClient, events: []storage.EventType{storage.EventClientLocked},
	},
	{
		operation: "clients.undo_lockdown", body: `{"reason":"{why}"}`, act: appDoor + "undo-lockdown", command: "lockdown --client {client} --undo --reason {why}",
		prepare: func(d *doors, x *doorSubject) error {
			if err := d.aClient(x); err != nil {
				return err
			}
			_, err := d.accounts().LockClient(d.t.Context(), preparer, x.words["{client}"], "")
			return err
		},
		events: []storage.EventType{storage.EventClientUnlocked},
	},
}

// aFailure makes a delivery that failed for good.
func (d *doors) aFailure(x *doorSubject) error {
	d.t.Helper()
	failed := storage.Delivery{ID: newID(d.t), Topic: storage.TopicEmail, Kind: storage.MessagePasswordChanged, UserID: x.ID, Sealed: "sealed", CreatedAt: d.now()}
	x.words["{delivery}"] = string(failed.ID)
	if err := d.store.Outbox().Add(d.t.Context(), nil, failed); err != nil {
		return err
	}
	return d.store.Outbox().Finish(d.t.Context(), failed.ID, storage.DeliveryEnd{Status: storage.DeliveryFailed, Reason: "550", At: d.now()}, nil)
}

// systemRows are about the installation.
var systemRows = []doorRow{
	{
		operation: "deliveries.retry", body: `{"deliveries":["{delivery}"]}`, act: "/admin/messages/retry", command: "outbox retry {delivery}",
		prepare: (*doors).aFailure, events: []storage.EventType{storage.EventDeliveriesRetried},
	},
	{
		operation: "deliveries.retry", variant: "all that failed", body: `{}`, act: "/admin/messages/retry-all", command: "outbox retry",
		prepare: (*doors).aFailure, events: []storage.EventType{storage.EventDeliveriesRetried},
	},
	{
		operation: "feeds.replay", body: `{"after":3}`, act: "/admin/feeds/replay", form: []string{"after=3"}, command: "events replay stream --after 3 --yes",
		prepare: func(d *doors, x *doorSubject) error {
			x.words["{feed}"] = "stream"
			if _, err := d.store.Feeds().Place(d.t.Context(), "stream", d.now()); err != nil {
				return err
			}
			return d.accounts().ReplayEvents(d.t.Context(), preparer, "stream", 9)
		},
		events: []storage.EventType{storage.EventEventsReplayed},
	},
	{
		operation: "keys.rotate", body: `{"reason":"{why}","alg":"ES256"}`, act: "/admin/keys/rotate", form: []string{"alg=ES256"}, command: "keys rotate --alg ES256",
		prepare: func(d *doors, x *doorSubject) error {
			current, waits, err := d.ellipticKeys()
			if err != nil || waits == "" {
				return err
			}
			e, err := d.accounts().BeginKeyChange(d.t.Context(), preparer, storage.EventSigningKeyRevoked)
			if err != nil {
				return err
			}
			clear(d.tokens) // that key signed them
			return d.ring.Revoke(d.t.Context(), current, e)
		},
		events: []storage.EventType{storage.EventSigningKeyRotated},
	},
	{
		operation: "keys.revoke", body: `{"reason":"{why}"}`, act: "/admin/keys/revoke", command: "keys revoke {key} --now --yes",
		prepare: func(d *doors, x *doorSubject) (err error) {
			x.words["{key}"], _, err = d.ellipticKeys()
			clear(d.tokens) // an earlier one may have signed them
			return err
		},
		events: []storage.EventType{storage.EventSigningKeyRevoked},
	},
	{ // the last one: it ends what the others rest on
		operation: "everybody.lock_down", body: `{"reason":"{why}"}`, act: "/admin/configuration/lockdown", form: []string{"confirm={host}"},
		command: "lockdown --all --reason {why} --yes",
		prepare: func(d *doors, x *doorSubject) error {
			if _, _, err := d.ellipticKeys(); err != nil {
				return err
			}
			return d.signIn(x)
		},
		events: []storage.EventType{storage.EventEverybodyLocked, storage.EventSigningKeyRevoked, storage.EventSigningKeyRevoked, storage.EventSigningKeyRevoked},
	},
}

// ellipticKeys are the key that signs by ES256, and the one that waits to, if one does.
func (d *doors) ellipticKeys() (signs, waits string, err error) {
	d.t.Helper()
	*d.clock = time.Now() // that of commands: keys that they made sign by now
	err = d.ring.Load(d.t.Context())
	for _, k := range d.ring.Keys() {
		switch {
		case k.Alg != keys.ES256:
		case d.now().Add(time.Hour).Before(k.SignsFrom):
			waits = k.ID
		case k.SignsUntil.IsZero() || d.now().Before(k.SignsUntil):
			signs = k.ID
		}
	}
	return signs, waits, err
}
