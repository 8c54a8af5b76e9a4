package op

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	// logoutTokenType is the typ of a logout token's header (Back-Channel Logout 2.4).
	logoutTokenType = "logout+jwt"
	// logoutTokenLifetime is the longest that the specification recommends.
	logoutTokenLifetime = 2 * time.Minute
	// logoutEvent is the one event of a logout token.
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// ErrNotTold says that a client is not, or no longer, registered to be told of logouts.
var ErrNotTold = errors.New("the client is not registered to be told")

// LogoutsConfig is what [Logouts] are made of. Every field is required, but that
// Keys may be nil where notices are queued and never composed.
type LogoutsConfig struct {
	Issuer  string
	Clients logoutClients
	Keys    logoutSigner
	Sealer  *keys.Sealer
	Now     func() time.Time
	Random  io.Reader
}

// logoutClients knows relying parties; client.Registry in the binary.
type logoutClients interface {
	Client(ctx context.Context, id string) (*client.Client, error)
}

// logoutSigner signs; keys.Ring in the binary.
type logoutSigner interface {
	Sign(alg, typ string, payload []byte) (string, error)
}

// Logouts tell clients that a session is over (OpenID Connect Back-Channel Logout
// 1.0): a notice is queued in the transaction that ends the session, and becomes a
// logout token when it is sent.
type Logouts struct{ cfg LogoutsConfig }

// NewLogouts makes Logouts.
func NewLogouts(cfg LogoutsConfig) *Logouts { return &Logouts{cfg: cfg} }

// logoutNotice is what is sealed of a delivery: whom to tell of which session.
type logoutNotice struct {
	ClientID string     `json:"client_id"`
	Subject  string     `json:"sub"`
	SID      storage.ID `json:"sid"`
}

// Follow says what follows from the end of sessions. Their clients are told that they are
// over: each that is registered to be told, and each of which that cannot be said now.
// And the offline grants of those end that do not want to keep them, unless the session
// just expired: then nobody signed out.
func (l *Logouts) Follow(ctx context.Context, ended []storage.EndedSession) (storage.Aftermath, error) {
	var after storage.Aftermath
	for _, session := range ended {
		for _, c := range session.Clients {
			registered, err := l.cfg.Clients.Client(ctx, c.ClientID)
			if err == nil && registered.OfflineAtSignOut == client.OfflineEnded && session.Reason != storage.RevokedExpired && !slices.Contains(after.OfflineClients, c.ClientID) {
				after.OfflineClients = append(after.OfflineClients, c.ClientID)
			}
			if errors.Is(err, client.ErrUnknown) || err == nil && registered.BackchannelLogoutURI == "" {
				continue
			}
			d, err := l.delivery(session, logoutNotice{ClientID: c.ClientID, Subject: c.Subject, SID: session.SID})
			if err != nil {
				return storage.Aftermath{}, fmt.Errorf("queue logout of %s: %w", c.ClientID, err)
			}
			after.Deliveries = append(after.Deliveries, d)
		}
	}
	return after, nil
}

func (l *Logouts) delivery(session storage.EndedSession, notice logoutNotice) (storage.Delivery, error) {
	now := l.cfg.Now()
	id, err := storage.NewID(now, l.cfg.Random)
	if err != nil {
		return storage.Delivery{}, err
	}
	plain, err := json.Marshal(notice)
	if err != nil {
		return storage.Delivery{}, err
	}
	sealed, err := l.cfg.Sealer.Seal(plain, deliveryPlace(id))
	if err != nil {
		return storage.Delivery{}, err
	}
	return storage.Delivery{
		ID: id, Topic: storage.TopicLogout, Kind: storage.MessageLogout, UserID: session.UserID, Priority: storage.PriorityNormal,
		SID: notice.SID, ClientID: notice.ClientID,
		Sealed: sealed, Status: storage.DeliveryQueued, NextAt: now, CreatedAt: now,
	}, nil
}

// deliveryPlace is the column of the outbox that a notice is sealed to.
func deliveryPlace(id storage.ID) keys.AssociatedData {
	return keys.AssociatedData{Table: "outbox", Column: "sealed", Row: string(id)}
}

// LogoutToken is a logout token on its way to a client.
type LogoutToken struct {
	ClientID string
	// URI is where the client wants it posted, as the parameter logout_token.
	URI   string
	Token string
}

// logoutClaims are those of a logout token (Back-Channel Logout 2.4). It has no
// nonce, so that nobody can take it for an ID token.
type logoutClaims struct {
	Issuer    string              `json:"iss"`
	Subject   string              `json:"sub"`
	Audience  string              `json:"aud"`
	IssuedAt  int64               `json:"iat"`
	ExpiresAt int64               `json:"exp"`
	ID        string              `json:"jti"`
	Events    map[string]struct{} `json:"events"`
	SID       string              `json:"sid"`
}

// Token makes the logout token of one try to deliver a notice, by the client's
// registration as of now: a try may be hours after the session ended. It answers
// [ErrNotTold] where there is nobody to tell any more.
func (l *Logouts) Token(ctx context.Context, d storage.Delivery) (*LogoutToken, error) {
	plain, err := l.cfg.Sealer.Open(d.Sealed, deliveryPlace(d.ID))
	if err != nil {
		return nil, fmt.Errorf("open notice: %w", err)
	}
	var notice logoutNotice
	if err := json.Unmarshal(plain, &notice); err != nil {
		return nil, fmt.Errorf("decode notice: %w", err)
	}
	c, err := l.cfg.Clients.Client(ctx, notice.ClientID)
	switch {
	case errors.Is(err, client.ErrUnknown), err == nil && c.BackchannelLogoutURI == "":
		return nil, ErrNotTold
	case err != nil:
		return nil, fmt.Errorf("look up client: %w", err)
	}
	now := l.cfg.Now()
	id, err := storage.NewID(now, l.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("name logout token: %w", err)
	}
	payload, err := json.Marshal(logoutClaims{
		Issuer: l.cfg.Issuer, Subject: notice.Subject, Audience: c.ID, IssuedAt: now.Unix(), ExpiresAt: now.Add(logoutTokenLifetime).Unix(),
		ID: string(id), Events: map[string]struct{}{logoutEvent: {}}, SID: string(notice.SID),
	})
	if err != nil {
		return nil, fmt.Errorf("encode logout token: %w", err)
	}
	token, err := l.cfg.Keys.Sign(cmp.Or(c.IDTokenSigningAlg, defaultIDTokenAlg), logoutTokenType, payload)
	if err != nil {
		return nil, fmt.Errorf("sign logout token: %w", err)
	}
	return &LogoutToken{ClientID: c.ID, URI: c.BackchannelLogoutURI, Token: token}, nil
}
