package api

import (
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// The records of the API, for the console: what it downloads is what the API answers.

// ShowGroup is a group as the API answers with it.
func ShowGroup(g *storage.Group) Group { return showGroup(g) }

// ShowMember is a member of a group as the API answers with it.
func ShowMember(m *storage.Member) Member { return showMember(m) }

// ShowEvent is a security event as the API answers with it.
func ShowEvent(e *storage.Event) Event { return showEvent(e) }

// ShowDelivery is a delivery as the API answers with it.
func ShowDelivery(d *storage.Delivery) Delivery { return showDelivery(d) }

// ShowFeed is a receiver of events as the API answers with it.
func ShowFeed(f *storage.Feed) Feed { return Feed{f.Name, f.Seq, timeOf(f.MovedAt)} }

// ShowClient is a client as lists of the API have it.
func ShowClient(c *client.Client) Client { return clientOf(c) }

// ShowKey is a signing key at a time, as the API answers with it.
func ShowKey(k *storage.SigningKey, now time.Time) Key {
	shown := Key{k.ID, k.Alg, "signing", k.CreatedAt.UTC(), k.SignsFrom.UTC(), timeOf(k.SignsUntil), timeOf(k.ExpiresAt)}
	switch {
	case now.Before(k.SignsFrom):
		shown.State = "published"
	case !k.SignsUntil.IsZero() && !now.Before(k.SignsUntil):
		shown.State = "retired"
	case keys.IsEncryptionAlg(k.Alg):
		shown.State = "decrypting"
	}
	return shown
}

// ShowNode is a node at a time, as the API answers with it; digest is that of the
// configuration of the node that answers.
func ShowNode(n *storage.Node, digest string, now time.Time) Node {
	return Node{
		n.ID, n.Live(now), n.Version, n.Digest, n.Digest == digest, n.Fault, listed(n.Waiting), n.StartedAt.UTC(), n.LoadedAt.UTC(), n.SeenAt.UTC(),
	}
}
