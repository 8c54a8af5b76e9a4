package registration

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Open returns the client whose registration access token it is (RFC 7592 section 2).
// Whatever is wrong, it answers [ErrToken]: which clients there are is nobody's to ask
// (enumeration).
func (r *Registrar) Open(ctx context.Context, id, token string) (*Registered, error) {
	sum, err := r.cfg.Hasher.SumToken(purposeAccessToken, token)
	if err != nil {
		return nil, badToken(err)
	}
	if !client.IsID(id) {
		return nil, ErrToken
	}
	c, err := r.cfg.Store.ByID(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	case err != nil:
		return nil, err
	case c.RegistrationHash == "", !hmac.Equal([]byte(sum), []byte(c.RegistrationHash)):
		return nil, ErrToken
	case !c.DisabledAt.IsZero(), !c.EndsAt.IsZero() && !r.cfg.Now().Before(c.EndsAt):
		return nil, fmt.Errorf("%w: the client is disabled or ended", ErrToken)
	}
	var d document
	if err := json.Unmarshal(c.Metadata, &d); err != nil {
		return nil, fmt.Errorf("read metadata of client %.64q: %w", id, err)
	}
	found := &Registered{Client: c, AccessToken: token}
	found.Members, err = d.shown()
	return found, err
}

// Update puts what a client says of itself now in the place of what it said before (RFC
// 7592 section 2.2), as a whole, and gives it another registration access token. It
// answers [ErrToken] where another update was first.
func (r *Registrar) Update(ctx context.Context, found *Registered, s *Submission, attested bool, e storage.Event) (*Registered, error) {
	c, now := *found.Client, r.cfg.Now()
	if err := r.mayUpdate(&c, s, attested); err != nil {
		return nil, err
	}
	c.UpdatedAt = now
	made, err := r.prepare(ctx, &c, s)
	if err != nil {
		return nil, err
	}
	if method, _ := made.Members["token_endpoint_auth_method"].(string); !client.UsesSecret(method) {
		c.Secrets = nil
	}
	if err := r.addSecret(made, now); err != nil {
		return nil, err
	}
	if err := r.rotate(made); err != nil {
		return nil, err
	}
	e.ClientID, e.Detail = c.ID, "by itself"
	if err := r.cfg.Store.Replace(ctx, &c, c.Version, e); err != nil {
		if errors.Is(err, storage.ErrConflict) {
			return nil, fmt.Errorf("%w: %w", ErrToken, err)
		}
		return nil, err
	}
	c.Version++
	return made, nil
}

// mayUpdate checks what RFC 7592 section 2.2 wants of the body beside the metadata.
func (r *Registrar) mayUpdate(c *storage.Client, s *Submission, attested bool) error {
	wrong := func(field, message string) error {
		return invalidMetadata(client.Problem{Field: field, Message: message})
	}
	switch {
	case len(s.forbidden) > 0:
		return wrong(s.forbidden[0], "an update must not contain it")
	case s.clientID != c.ID:
		return wrong("client_id", "it is not the client of this address")
	case c.Source == storage.ClientByStatement && !attested:
		return &Error{Code: CodeInvalidStatement, Description: "software_statement is missing"}
	case s.secret == "":
		return nil
	}
	now := r.cfg.Now()
	for _, secret := range c.Secrets {
		right, err := r.cfg.Hasher.Judge(secret.Verifier, client.SecretPurpose, c.ID, s.secret)
		if err != nil {
			return fmt.Errorf("compare client secret: %w", err)
		}
		if right && (secret.ExpiresAt.IsZero() || now.Before(secret.ExpiresAt)) {
			return nil
		}
	}
	return wrong("client_secret", "it is not the client's; leave it out")
}

// Remove deletes a client that somebody with the duty to do so removes, with all that
// people allowed it. It answers storage.ErrNotFound where there is none in the version;
// zero is any.
func (r *Registrar) Remove(ctx context.Context, id string, version int64, e storage.Event) error {
	e.ClientID = id
	return r.cfg.Store.Delete(ctx, storage.ClientRemoval{ID: id, Version: version, Now: r.cfg.Now(), Reason: storage.RevokedClientGone}, e)
}

// Delete removes a client that asks for it, with all that people allowed it.
func (r *Registrar) Delete(ctx context.Context, found *Registered, e storage.Event) error {
	e.ClientID, e.Detail = found.Client.ID, "by itself"
	return r.cfg.Store.Delete(ctx, storage.ClientRemoval{ID: found.Client.ID, Now: r.cfg.Now(), Reason: storage.RevokedClientGone}, e)
}

// Sweep removes clients that ended, and returns how many. begin begins the event of each.
func (r *Registrar) Sweep(ctx context.Context, begin func() (storage.Event, error)) (int64, error) {
	const batch = 100
	var gone int64
	for {
		now := r.cfg.Now()
		ended, err := r.cfg.Store.Ended(ctx, now, batch)
		if err != nil {
			return gone, err
		}
		for _, c := range ended {
			e, err := begin()
			if err != nil {
				return gone, err
			}
			e.ClientID, e.Detail = c.ID, "it was not used"
			err = r.cfg.Store.Delete(ctx, storage.ClientRemoval{ID: c.ID, EndedBy: now, Now: now, Reason: storage.RevokedClientGone}, e)
			switch {
			case err == nil:
				gone++
			case !errors.Is(err, storage.ErrNotFound): // it was used meanwhile, or another node was first
				return gone, err
			}
		}
		if len(ended) < batch {
			return gone, nil
		}
	}
}

// NewToken is what an initial access token is made of.
type NewToken struct {
	// Note says to people whom it is for.
	Note string
	// Uses is how many clients may be registered with it, for so long.
	Uses  int64
	Lasts time.Duration
	By    string
}

// Bounds of initial access tokens.
const (
	MaxTokenUses  = 10_000
	MaxTokenLasts = 366 * 24 * time.Hour
)

// IssueToken makes an initial access token (RFC 7591 section 3), which is in no store.
func (r *Registrar) IssueToken(ctx context.Context, n NewToken, e storage.Event) (token string, made *storage.RegistrationToken, err error) {
	if n.Uses < 1 || n.Uses > MaxTokenUses || n.Lasts <= 0 || n.Lasts > MaxTokenLasts {
		return "", nil, fmt.Errorf("an initial access token is good for 1 to %d clients, and for %s at most", MaxTokenUses, client.FormatDuration(MaxTokenLasts))
	}
	now := r.cfg.Now()
	made = &storage.RegistrationToken{Note: n.Note, UsesLeft: n.Uses, CreatedBy: n.By, CreatedAt: now, ExpiresAt: now.Add(n.Lasts)}
	if token, made.TokenHash, err = r.cfg.Hasher.NewToken(r.cfg.Random, purposeInitialToken); err != nil {
		return "", nil, err
	}
	if made.ID, err = storage.NewID(now, r.cfg.Random); err != nil {
		return "", nil, err
	}
	e.Detail += detailOf(e.Detail, string(made.ID))
	return token, made, r.cfg.Tokens.Create(ctx, made, e)
}

// detailOf is what a detail goes on with.
func detailOf(so, more string) string {
	if so == "" {
		return more
	}
	return ": " + more
}
