package registration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Create writes down a client for somebody with the duty to do so: with every member
// that a client of a file may have. An empty id is chosen. It answers an [*Error], or
// storage.ErrConflict where the id is taken.
func (r *Registrar) Create(ctx context.Context, id string, metadata []byte, e storage.Event) (*Registered, error) {
	now := r.cfg.Now()
	var err error
	if id == "" {
		if id, err = r.text(clientBytes); err != nil {
			return nil, err
		}
	}
	c := &storage.Client{ID: id, Source: storage.ClientByAdministrator, Version: 1, CreatedAt: now, UpdatedAt: now}
	made, err := r.write(ctx, c, metadata)
	if err != nil {
		return nil, err
	}
	if err := r.addSecret(made, now); err != nil {
		return nil, err
	}
	e.ClientID = id
	return made, r.cfg.Store.Create(ctx, c, storage.ClientAdmission{}, e)
}

// Change puts other metadata in the place of a client's, as a whole. Its secrets stay for
// as long as it authenticates by them. It answers an [*Error], or storage.ErrConflict
// where it changed meanwhile.
func (r *Registrar) Change(ctx context.Context, was *storage.Client, metadata []byte, e storage.Event) (*Registered, error) {
	c, now := *was, r.cfg.Now()
	c.UpdatedAt = now
	made, err := r.write(ctx, &c, metadata)
	if err != nil {
		return nil, err
	}
	if method, _ := made.Members["token_endpoint_auth_method"].(string); !client.UsesSecret(method) {
		c.Secrets = nil
	}
	if err := r.addSecret(made, now); err != nil {
		return nil, err
	}
	e.ClientID = c.ID
	return made, r.cfg.Store.Replace(ctx, &c, was.Version, e)
}

// MaxSecrets is how many secrets a client may have that are valid at the same time.
const MaxSecrets = 5

// AddSecret gives a client one more secret, and ends the others after a while: zero at
// once, and less than nothing never. It answers storage.ErrFull where it has as many as
// may be, an [*Error] where it authenticates in another way, or storage.ErrConflict.
func (r *Registrar) AddSecret(ctx context.Context, was *storage.Client, keepOthers time.Duration, e storage.Event) (*Registered, error) {
	c, now := *was, r.cfg.Now()
	known, err := r.cfg.Stored.Read(was)
	if err != nil {
		return nil, err
	}
	if !known.AllowsAuthMethod(client.AuthMethodBasic) && !known.AllowsAuthMethod(client.AuthMethodPost) {
		return nil, invalidMetadata(client.Problem{Field: "token_endpoint_auth_method", Message: "the client authenticates without a secret"})
	}
	c.Secrets, c.UpdatedAt = nil, now
	for _, s := range was.Secrets {
		if ends := now.Add(keepOthers); keepOthers >= 0 && (s.ExpiresAt.IsZero() || ends.Before(s.ExpiresAt)) {
			s.ExpiresAt = ends
		}
		if s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt) {
			c.Secrets = append(c.Secrets, s)
		}
	}
	if len(c.Secrets) >= MaxSecrets {
		return nil, fmt.Errorf("%d secrets: %w", len(c.Secrets), storage.ErrFull)
	}
	c.Origins, c.Scopes = known.Origins, known.Scopes
	made := &Registered{Client: &c}
	if err := r.newSecret(made, now); err != nil {
		return nil, err
	}
	e.ClientID = c.ID
	return made, r.cfg.Store.Replace(ctx, &c, was.Version, e)
}

// write judges what somebody wrote down, and puts it into the row. Members that are not
// known are problems: whoever wrote them meant something by them.
func (r *Registrar) write(_ context.Context, c *storage.Client, metadata []byte) (*Registered, error) {
	var d document
	decoder := json.NewDecoder(bytes.NewReader(metadata))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		field := ""
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			field = wrong.Field
		}
		return nil, invalidMetadata(client.Problem{Field: field, Message: plain(err)})
	}
	if problems := d.bounded(); len(problems) > 0 {
		return nil, invalidMetadata(problems...)
	}
	completed := d.Metadata
	completed.Complete(r.cfg.Lifetimes)
	problems := completed.Validate(r.cfg.Judge)
	if completed.AuthMethod == client.AuthMethodSecretJWT {
		problems = append(problems, noSecretJWT)
	}
	if len(problems) > 0 {
		return nil, invalidMetadata(problems...)
	}
	if d.AuthMethod = completed.AuthMethod; d.AuthMethod == "" {
		d.AuthMethod = client.AuthMethodBasic
	}
	made, err := r.keep(c, &d, &completed)
	if err != nil {
		return nil, err
	}
	if _, err := r.cfg.Stored.Read(c); err != nil { // what cannot be read would lock everybody out
		return nil, invalidMetadata(client.Problem{Message: "it cannot be read back"})
	}
	return made, nil
}
